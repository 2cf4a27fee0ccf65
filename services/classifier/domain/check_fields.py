"""Read the fields of untrusted parsed data, collecting every error with its JSON pointer."""

import math
from collections.abc import Iterator, Mapping


class Fields:
    """One object of posted data: typed getters that note what is wrong instead of stopping at the first."""

    def __init__(self, data: object, pointer: str, errors: list[tuple[str, str]]) -> None:
        self.pointer = pointer
        self._errors = errors
        self._asked: set[str] = set()
        if isinstance(data, Mapping):
            self._data: Mapping[object, object] = data
        else:
            self._data = {}
            errors.append((pointer, "an object is needed here"))

    def _wrong(self, name: str, message: str) -> None:
        self._errors.append((f"{self.pointer}/{name}", message))

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        self._asked.add(name)
        return self._data.get(name) is not None

    def raw(self, name: str, default: object = None) -> object:
        """The value as it came."""
        self._asked.add(name)
        value = self._data.get(name)
        return default if value is None else value

    def text(self, name: str, *, limit: int, required: bool = True) -> str:
        """A text of at most `limit` printable characters; empty where it is wrong or not there."""
        value = self.raw(name)
        if value is None:
            if required:
                self._wrong(name, "this field is required")
            return ""
        if not isinstance(value, str):
            self._wrong(name, "must be text (in YAML: put it in quotes)")
            return ""
        if not value.strip() or value != value.strip():
            self._wrong(name, "must not be empty or begin or end with a space")
        elif len(value) > limit:
            self._wrong(name, f"at most {limit} characters")
        elif not value.replace("\n", " ").isprintable():
            self._wrong(name, "has characters that cannot be printed")
        return value

    def texts(self, name: str, *, limit: int) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.raw(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            self._wrong(name, "a list of texts")
            return ()
        if len(value) > 200 or any(len(each) > limit for each in value):
            self._wrong(name, f"at most 200 texts of at most {limit} characters")
        return tuple(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.raw(name, default)
        if not isinstance(value, bool):
            self._wrong(name, "true or false")
            return default
        return value

    def number(self, name: str, *, above: float | None = None, required: bool = False) -> float | None:
        """A finite number, greater than `above` where that is given; None where there is none."""
        value = self.raw(name)
        if value is None:
            if required:
                self._wrong(name, "this field is required")
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            self._wrong(name, "must be a number")
            return None
        if not math.isfinite(value) or (above is not None and value <= above):
            self._wrong(name, "must be a finite number" + ("" if above is None else f" above {above:g}"))
            return None
        return float(value)

    def between(self, name: str, low: float, high: float, default: float) -> float:
        """A number from `low` to `high`."""
        value = self.number(name)
        if value is not None and not low <= value <= high:
            self._wrong(name, f"from {low:g} to {high:g}")
        return default if value is None else value

    def child(self, name: str) -> "Fields":
        """The object in that field."""
        return Fields(self.raw(name), f"{self.pointer}/{name}", self._errors)

    def objects(self, name: str, *, limit: int, required: bool = True) -> Iterator["Fields"]:
        """The objects of a list field."""
        value = self.raw(name)
        if value is None and not required:
            return
        if not isinstance(value, list) or not (value or not required):
            self._wrong(name, "a list with at least one object" if required else "a list of objects")
            return
        if len(value) > limit:
            self._wrong(name, f"at most {limit} entries")
            return
        for index, each in enumerate(value):
            yield Fields(each, f"{self.pointer}/{name}/{index}", self._errors)

    def nothing_else(self) -> None:
        """Note every field that nobody asked for."""
        for name in self._data:
            if name not in self._asked:
                step = str(name)[:80].replace("~", "~0").replace("/", "~1")
                self._wrong(step, "unknown field")
