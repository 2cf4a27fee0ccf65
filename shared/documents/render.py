"""PDF documents by typst, from a template in a service's `documents/` folder and data as JSON.

The template reads its data with `json(bytes(sys.inputs.data))`. Fonts come from the project's own folder where set-up made
it (Noto Sans and Noto Sans Thai); nothing is taken from the system, so that the same data gives the same pages everywhere.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from shared.errors import DomainError

FONTS = Path(__file__).parent / "fonts"


class DocumentError(DomainError):
    """A template and its data do not fit; the detail is typst's own message."""

    code = "document"


def render_pdf(
    template: Path,
    data: Mapping[str, Any],
    *,
    tagged: bool = True,
    pictures: Mapping[str, bytes] | None = None,
) -> bytes:
    """The PDF of `template` with `data`; raises DocumentError where typst refuses.

    Tags let a screen reader follow tables, but make a table of thousands of rows twenty times as large and slow. `pictures` are
    files that the template may show by their plain names.
    """
    if not pictures:
        return _compile(template, template.parent, data, tagged)
    with TemporaryDirectory(prefix="siglab-document-") as folder:
        copy = Path(folder) / template.name
        copy.write_bytes(template.read_bytes())
        for name, content in pictures.items():
            (Path(folder) / name).write_bytes(content)
        return _compile(copy, Path(folder), data, tagged)


def picture_problem(name: str, content: bytes) -> str | None:
    """Why a picture cannot be set under this name, in the typesetter's words; None where it can."""
    with TemporaryDirectory(prefix="siglab-picture-") as folder:
        template = Path(folder) / "picture.typ"
        template.write_text(f"#image({json.dumps(name)})")
        (Path(folder) / name).write_bytes(content)
        try:
            _compile(template, Path(folder), {}, False)
        except DocumentError as error:
            return str(error.__cause__).strip()
    return None


def _compile(template: Path, root: Path, data: Mapping[str, Any], tagged: bool) -> bytes:
    try:
        return bytes(
            typst.compile(
                template,
                root=root,
                font_paths=[FONTS] if FONTS.is_dir() else [],
                ignore_system_fonts=True,
                sys_inputs={"data": json.dumps(data)},
                pdf_tags=tagged,
            )
        )
    except (typst.TypstError, RuntimeError) as error:
        raise DocumentError(f"{template.name}: {error}") from error
