"""Parse programme files: YAML or JSON text of bounded size into plain data; and load the three that come with the project."""

from importlib import resources
from typing import Any

import yaml

from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.programme import InvalidProgramme, Programme

MAX_BYTES = 1_000_000
BUNDLED = ("HSP", "CSP", "MPP")


class _PlainLoader(yaml.SafeLoader):
    """YAML without tags that make objects, without aliases (they can multiply without bound), and with no key twice.

    Dates stay text, so that YAML and JSON of the same programme are the same data.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        seen: set[str] = set()
        for key in keys:
            if not isinstance(key, str) or key in seen:
                raise yaml.YAMLError(f"the key {key!r} is there twice or is no text")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_programme_text(text: bytes) -> Any:
    """Read YAML (of which JSON is a part) into plain data; raises InvalidProgramme where it cannot be read."""
    if len(text) > MAX_BYTES:
        raise InvalidProgramme([("", f"a programme file has at most {MAX_BYTES} bytes")])
    try:
        return yaml.load(text.decode("utf-8"), Loader=_PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        first = " ".join(str(error).split())[:300]
        raise InvalidProgramme([("", f"the text is neither YAML nor JSON: {first}")]) from error
    except RecursionError as error:
        raise InvalidProgramme([("", "the text is nested too deeply")]) from error


def load_bundled(programme_id: str) -> Programme:
    """One of the programmes that come with the project, by its id."""
    if programme_id not in BUNDLED:
        raise KeyError(programme_id)
    name = f"{programme_id.lower()}.yaml"
    content = (resources.files("services.classifier") / "programmes" / name).read_bytes()
    return programme_from_data(parse_programme_text(content))
