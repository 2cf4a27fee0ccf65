"""Puts the few files of the web packages that are needed into their places, and makes the fonts of the documents.

Pages get scripts, styles and web fonts in `gateway/static/vendor/`; typst, which reads no WOFF2, gets TTF in
`shared/documents/fonts/`. Both folders are made anew and swapped in whole, so that a broken run leaves the old ones.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from fontTools import merge
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "gateway" / "static" / "vendor"
DOCUMENT_FONTS = ROOT / "shared" / "documents" / "fonts"

#: package file -> name in gateway/static/vendor/
FILES = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.css": "govuk-frontend.min.css",
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-csp.min.js": "hx-csp.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
}
#: Greek is there for the names of compounds and for units.
SUBSETS = {"noto-sans": ("latin", "latin-ext", "greek"), "noto-sans-thai": ("thai",)}
WEIGHTS = (400, 700)
STYLES = {400: "Regular", 700: "Bold"}


def build_vendor(target: Path) -> None:
    """Scripts, styles, web fonts and the licences of all of them."""
    for source, name in FILES.items():
        shutil.copyfile(MODULES / source, target / name)
    (target / "fonts").mkdir()
    rules = []
    for package, subsets in SUBSETS.items():
        for weight in WEIGHTS:
            sheet = (MODULES / "@fontsource" / package / f"{weight}.css").read_text()
            rules += [_web_font(sheet, package, subset, weight, target / "fonts") for subset in subsets]
    (target / "fonts.css").write_text("".join(rules))
    packages = sorted(
        {source.split("/")[0] for source in FILES} | {f"@fontsource/{name}" for name in SUBSETS}
    )
    (target / "LICENCES.txt").write_text("\n".join(_licence(package) for package in packages))


def _licence(package: str) -> str:
    """Name, version and licence of a package, with the licence's text where the package carries it."""
    about = json.loads((MODULES / package / "package.json").read_text())
    texts = [path.read_text() for path in sorted((MODULES / package).glob("LICEN[CS]E*"))]
    return "\n".join([f"{package} {about['version']}: {about['license']}", *texts])


def _web_font(sheet: str, package: str, subset: str, weight: int, fonts: Path) -> str:
    """Copies one subset's WOFF2 and returns its @font-face with the range of characters the package states.

    One family name for all: "Noto Sans" with the Thai subset in it, so that a style names one family.
    """
    name = f"{package}-{subset}-{weight}-normal.woff2"
    faces = [face for face in sheet.split("@font-face")[1:] if name in face]
    found = re.search(r"unicode-range:\s*([^;}]+)", faces[0])
    if found is None:
        raise SystemExit(f"{package} {weight}: the style sheet states no range of characters for {subset}")
    shutil.copyfile(MODULES / "@fontsource" / package / "files" / name, fonts / name)
    return (
        f'@font-face{{font-family:"Noto Sans";font-style:normal;font-weight:{weight};font-display:swap;'
        f'src:url("fonts/{name}") format("woff2");unicode-range:{found[1].strip()}}}\n'
    )


def build_document_fonts(target: Path) -> None:
    """One TTF a family and weight, its subsets merged: typst takes one file for a family and looks no further."""
    for package, subsets in SUBSETS.items():
        for weight in WEIGHTS:
            parts = []
            for subset in subsets:
                font = TTFont(
                    MODULES / "@fontsource" / package / "files" / f"{package}-{subset}-{weight}-normal.woff2"
                )
                font.flavor = None
                parts.append(target / f".{package}-{subset}-{weight}.ttf")
                font.save(parts[-1])
            family = package.replace("noto-sans", "Noto Sans").replace("-thai", " Thai")
            whole = (
                merge.Merger().merge([str(part) for part in parts]) if len(parts) > 1 else TTFont(parts[0])
            )
            _name(whole, family, STYLES[weight])
            whole.save(target / f"{family.replace(' ', '')}-{STYLES[weight]}.ttf")
            for part in parts:
                part.unlink()
    (target / "LICENCES.txt").write_text("\n".join(_licence(f"@fontsource/{package}") for package in SUBSETS))


def _name(font: TTFont, family: str, style: str) -> None:
    """Sets the names that a typesetter chooses by; merging leaves those of the first part."""
    names = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family.replace(' ', '')}-{style}"}
    table = font["name"]
    for name_id in (16, 17, 21, 22, 25):
        table.removeNames(nameID=name_id)
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)


def swap_in(build: Callable[[Path], None], target: Path) -> None:
    """Calls `build(folder)` on an empty folder beside the target and then puts that in the target's place."""
    fresh, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    build(fresh)
    if target.exists():
        os.rename(target, old)
    os.rename(fresh, target)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    """Builds both folders and says so."""
    print("[set-up] placing web assets and document fonts", flush=True)
    swap_in(build_vendor, VENDOR)
    swap_in(build_document_fonts, DOCUMENT_FONTS)
    size = sum(path.stat().st_size for path in VENDOR.rglob("*") if path.is_file())
    print(f"[set-up] web assets are ready ({size // 1024} KiB)", flush=True)


if __name__ == "__main__":
    main()
