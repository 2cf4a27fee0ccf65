"""The data tables of JCAMP-DX, line by line: (X++(Y..Y)) in the forms AFFN, PAC, SQZ, DIF and DUP, and groups as (XY..XY).

Sources: McDonald and Wilks, Appl. Spectrosc. 42 (1988) 151 (4.24); Lampen et al., Pure Appl. Chem. 71 (1999) 1549 (5.01).
"""

import re
from array import array
from dataclasses import dataclass, field

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.run import Floats

_SQZ = {c: str(i) for i, c in enumerate("@ABCDEFGHI")} | {c: f"-{i}" for i, c in enumerate("abcdefghi", 1)}
_DIF = {c: str(i) for i, c in enumerate("%JKLMNOPQR")} | {c: f"-{i}" for i, c in enumerate("jklmnopqr", 1)}
_DUP = {c: str(i) for i, c in enumerate("STUVWXYZs", 1)}
_PLAIN = re.compile(r"[\s\d.+,;-]*")
# The sign behind E tells an exponent from the digit 5 of SQZ.
_TOKEN = re.compile(
    r"[\s,;]*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]\d{1,3})?)|(?P<form>[@A-Za-z%])(?P<digits>\d*(?:\.\d*)?)|(?P<none>\?))"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,3})?")
_ASSIGNMENT = re.compile(r"\(\s*([^\s,()<]+)\s*,\s*([^\s,()<]+)[^()]*\)")


@dataclass(slots=True)
class Ordinates:
    """A table (X++(Y..Y)): each line is an abscissa and the ordinates from there on, all still without their factors."""

    limit: int
    values: "array[float]" = field(default_factory=lambda: array("d"))
    #: Abscissa of each line as written, how finely it is written, and how many ordinates came before it.
    abscissas: "array[float]" = field(default_factory=lambda: array("d"))
    grains: "array[float]" = field(default_factory=lambda: array("d"))
    places: "array[int]" = field(default_factory=lambda: array("q"))
    _last: float = 0.0
    _step: float = 0.0
    _form: str = "Y"

    def feed(self, line: str, number: int) -> None:
        """Read one line; raises ReaderError where it is none, its check value is wrong, or there are too many values."""
        line = line.strip()
        if not line:
            return
        at = _TOKEN.match(line)
        if at is None or at["number"] is None:
            raise ReaderError(f"line {number} does not begin with an abscissa: {line[:40]!r}")
        checks = self._form == "D"
        self.abscissas.append(float(at["number"]))
        self.grains.append(_grain(at["number"]))
        self.places.append(len(self.values) - checks)
        rest = line[at.end() :]
        if not checks and _PLAIN.fullmatch(rest) and not re.search(r"\d[+-]", rest):
            self._plain(rest, number)
            return
        is_first, end = True, 0
        while (found := _TOKEN.match(rest, end)) is not None:
            end = found.end()
            if is_first and checks:
                self._check(self._absolute(found, number), number)
            else:
                self._take(found, number)
            is_first = False
        if rest[end:].strip(" \t,;"):
            raise ReaderError(f"line {number} holds something that is no ordinate: {rest[end : end + 20]!r}")

    def _plain(self, rest: str, number: int) -> None:
        try:
            found = [float(each) for each in rest.replace(",", " ").replace(";", " ").split()]
        except ValueError:
            raise ReaderError(f"line {number} holds something that is no ordinate: {rest[:40]!r}") from None
        self._room(len(found), number)
        self.values.extend(found)
        if found:
            self._last, self._form = found[-1], "Y"

    def _absolute(self, found: re.Match[str], number: int) -> float:
        """The value of a token that is no difference: AFFN, PAC or SQZ."""
        if found["number"] is not None:
            return float(found["number"])
        if found["form"] in _SQZ:
            return float(_SQZ[found["form"]] + found["digits"])
        raise ReaderError(
            f"line {number} begins with {found[0].strip()[:20]!r}, which is no ordinate of its own"
        )

    def _check(self, value: float, number: int) -> None:
        """The first ordinate behind a line that ended in a difference repeats the last one and is no point of its own."""
        if value != self._last:
            raise ReaderError(
                f"line {number} begins with the check value {value:g}, but the line before ended at {self._last:g}"
            )
        self._form = "Y"

    def _take(self, found: re.Match[str], number: int) -> None:
        form, digits = found["form"], found["digits"]
        count = 1
        if found["none"]:
            self._room(1, number)
            self.values.append(np.nan)
            self._form = "Y"
            return
        if form in _DUP:
            if "." in digits or len(digits) > 11:
                raise ReaderError(f"line {number} repeats a value {found[0].strip()[:20]!r} times")
            count = int(_DUP[form] + digits) - 1
            if not len(self.values):
                raise ReaderError(f"line {number} repeats a value before there is one")
        elif form in _DIF:
            self._step, self._form = float(_DIF[form] + digits), "D"
        elif form is None or form in _SQZ:
            self._last, self._step, self._form = self._absolute(found, number), 0.0, "Y"
        else:
            raise ReaderError(f"line {number} holds something that is no ordinate: {found[0].strip()[:20]!r}")
        self._room(count, number)
        if form in _DIF or (form in _DUP and self._form == "D"):
            for _ in range(count):
                self._last += self._step
                self.values.append(self._last)
        elif form in _DUP:
            self.values.extend([self.values[-1]] * count)
        else:
            self.values.append(self._last)

    def _room(self, count: int, number: int) -> None:
        # A line costs as much as six points, because of what is kept to check it.
        if count < 0 or len(self.values) + 6 * len(self.abscissas) + count > self.limit:
            raise ReaderError(f"line {number} brings more than the {self.limit} points that there can be")


def _grain(number: str) -> float:
    """The unit of the last digit that is written: 0.1 of `0.0`, 100 of `12E+02`."""
    mantissa, _, exponent = number.upper().partition("E")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


@dataclass(slots=True)
class Groups:
    """A table of groups of `width` values, as (XY..XY) or (XYW..XYW), or of assignments `(x, y, <text>)` where `width` is 0."""

    limit: int
    width: int
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def feed(self, line: str, number: int) -> None:
        """Read one line; raises ReaderError where it holds something else or where there are too many values."""
        if self.width:
            parts = line.replace(",", " ").replace(";", " ").split()
        else:
            parts = [each for pair in _ASSIGNMENT.findall(line) for each in pair]
            if not parts and line.strip():
                raise ReaderError(f"line {number} is no assignment (x, y, <text>): {line[:40]!r}")
        try:
            found = [float(each) for each in parts]
        except ValueError:
            found = self._packed(line, number)
        if len(self.values) + len(found) > self.limit:
            raise ReaderError(f"line {number} brings more than the {self.limit} points that there can be")
        self.values.extend(found)

    def _packed(self, line: str, number: int) -> list[float]:
        """Numbers that only their signs part."""
        if _NUMBER.sub("", line).strip(" \t\r\n,;"):
            raise ReaderError(f"line {number} holds something that is no number: {line[:40]!r}")
        return [float(each) for each in _NUMBER.findall(line)]

    def columns(self) -> tuple[Floats, Floats]:
        """The first two values of each group; raises ReaderError where the last group is not whole."""
        width = self.width or 2
        if len(self.values) % width:
            raise ReaderError(f"the table holds {len(self.values)} values, which are no groups of {width}")
        table = np.frombuffer(self.values).reshape(-1, width)
        return table[:, 0].copy(), table[:, 1].copy()
