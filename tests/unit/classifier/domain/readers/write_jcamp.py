"""A writer of JCAMP-DX in every ordinate form, so that the reader is tested where no instrument's file is."""

import itertools
from collections.abc import Sequence

FORMS = ("AFFN", "PAC", "SQZ", "DIF", "DIFDUP")
_SQZ, _DIF, _DUP = ("@ABCDEFGHI", "abcdefghi"), ("%JKLMNOPQR", "jklmnopqr"), "STUVWXYZs"


def _digit(value: int, letters: tuple[str, str]) -> str:
    """The number with its first digit and its sign in one letter."""
    digits = str(abs(value))
    first = letters[0][int(digits[0])] if value >= 0 else letters[1][int(digits[0]) - 1]
    return first + digits[1:]


def _duplicates(tokens: Sequence[str]) -> str:
    told, at = "", 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and tokens[end] == tokens[at]:
            end += 1
        count = str(end - at)
        told += tokens[at] + (_DUP[int(count[0]) - 1] + count[1:] if end - at > 1 else "")
        at = end
    return told


def ordinate_lines(
    values: Sequence[int], form: str, *, first: int = 0, step: int = 1, width: int = 8
) -> list[str]:
    """Lines of (X++(Y..Y)); behind a line of differences stands a check value, and behind the last a line of that alone."""
    lines = []
    for at in range(0, len(values), width):
        part, x = values[at : at + width], str(first + step * at)
        if form == "AFFN":
            lines.append(" ".join([x, *map(str, part)]))
        elif form == "PAC":
            lines.append(x + "".join(f"{value:+d}" for value in part))
        elif form == "SQZ":
            lines.append(x + "".join(_digit(value, _SQZ) for value in part))
        else:
            # All but the first line begin with the value that the line before ended with.
            before = values[at - 1 : at] if at else []
            chain = [*before, *part]
            steps = [_digit(b - a, _DIF) for a, b in itertools.pairwise(chain)]
            start = first + step * (at - len(before))
            tail = _duplicates(steps) if form == "DIFDUP" else "".join(steps)
            lines.append(f"{start}{_digit(chain[0], _SQZ)}{tail}")
    if form in ("DIF", "DIFDUP") and len(values) > 1:
        lines.append(f"{first + step * (len(values) - 1)}{_digit(values[-1], _SQZ)}")
    return lines


def jcamp_text(
    values: Sequence[int],
    form: str = "AFFN",
    *,
    first: int = 400,
    step: int = 4,
    factor: float = 0.5,
    **labels: str,
) -> str:
    """A block with an infrared spectrum; `labels` are further ones or replace those that it has (underscore for blank)."""
    told = {
        "TITLE": "SYNTHETIC",
        "JCAMP-DX": "4.24",
        "DATA TYPE": "INFRARED SPECTRUM",
        "XUNITS": "1/CM",
        "YUNITS": "ABSORBANCE",
        "XFACTOR": "1",
        "YFACTOR": str(factor),
        "FIRSTX": str(first),
        "LASTX": str(first + step * (len(values) - 1)),
        "FIRSTY": str(values[0] * factor),
        "NPOINTS": str(len(values)),
    } | {name.replace("_", " "): text for name, text in labels.items()}
    head = [f"##{name}= {text}" for name, text in told.items() if text]
    rows = ordinate_lines(values, form, first=first, step=step)
    return "\n".join([*head, "##XYDATA= (X++(Y..Y))", *rows, "##END=", ""])


NTUPLES = """##TITLE= SYNTHETIC NMR
##JCAMP-DX= 5.00
##DATA TYPE= NMR SPECTRUM
##DATA CLASS= NTUPLES
##NTUPLES= NMR SPECTRUM
##VAR_NAME= FREQUENCY, SPECTRUM/REAL, SPECTRUM/IMAG, PAGE NUMBER
##SYMBOL= X, R, I, N
##VAR_DIM= 4, 4, 4, 2
##UNITS= HZ, ARBITRARY UNITS, ARBITRARY UNITS,
##FIRST= 30, 0.5, -2, 1
##LAST= 0, 2.0, 1, 2
##FACTOR= 10, 0.5, 1, 1
##PAGE= N=1
##DATA TABLE= (X++(R..R)), XYDATA
3AJ%K  $$ 1 2 2 4
0D
##PAGE= N=2
##DATA TABLE= (X++(I..I)), XYDATA
3 -2 -1 0 1
##END NTUPLES= NMR SPECTRUM
##END=
"""

MASS_RUN = """##TITLE= SYNTHETIC GC-MS
##JCAMP-DX= 5.00
##DATA TYPE= MASS SPECTRUM
##DATA CLASS= NTUPLES
##NTUPLES= MASS SPECTRUM
##VAR_NAME= MASS, INTENSITY, RETENTION TIME
##SYMBOL= X, Y, T
##UNITS= M/Z, RELATIVE ABUNDANCE, MINUTES
##FACTOR= 1, 1, 1
##PAGE= T= 1.0
##NPOINTS= 2
##DATA TABLE= (XY..XY), PEAKS
57.0, 10; 71.0, 20
##PAGE= T= 1.5
##NPOINTS= 3
##DATA TABLE= (XY..XY), PEAKS
57.0, 1 71.0, 2
85.0, 3
##END NTUPLES= MASS SPECTRUM
##END=
"""
