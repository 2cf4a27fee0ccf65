"""Base schema and the fields that bodies share. Unknown fields are refused; text cannot hold what PostgreSQL cannot store."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, ValidationError, fields, validate
from marshmallow import Schema as _Schema


class Schema(_Schema):
    """Refuses unknown fields."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """Text of `least` to `most` characters after trimming; no NUL and no lone surrogate."""

    def __init__(self, *, least: int = 1, most: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.validate = validate.Length(min=least or None, max=most)
        self.validators = [self.validate, *self.validators]

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\x00" in value:
            raise ValidationError("Text cannot hold the character NUL (U+0000).")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValidationError("Text holds half a character (a lone surrogate).") from error
        return value.strip()


class Word(Text):
    """A short text: a name, a number, a code; at most 200 characters."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("most", 200)
        super().__init__(**kwargs)


class Password(fields.String):
    """Where the person signs. The gateway has checked it and put a word in its place; services never see the secret."""

    def __init__(self, *, required: bool = True, **kwargs: Any) -> None:
        how: dict[str, Any] = {} if required else {"load_default": None, "allow_none": True}
        super().__init__(required=required, load_only=True, metadata={"format": "password"}, **how, **kwargs)


class Timestamp(fields.Field[datetime]):
    """RFC 3339 with its zone; dumped as UTC with microseconds and Z."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_time(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        return parse_time(value)


class OccurredAt(Timestamp):
    """When an act happened: optional, never in the future (a clock may run one second ahead), not before 1970."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        moment = parse_time(value)
        if (moment - datetime.now(UTC)).total_seconds() > 1:
            raise ValidationError("This moment lies in the future; check the clock.")
        return moment


class Number(fields.Float):
    """A finite number between `least` and `most`; text is not a number."""

    def __init__(
        self,
        *,
        least: float | None = None,
        most: float | None = None,
        above: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        limits = validate.Range(
            min=above if above is not None else least,
            max=most,
            min_inclusive=above is None,
        )
        self.validators = [limits, *self.validators]

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        try:
            number = float(value)
        except OverflowError as error:
            raise self.make_error("too_large", input=value) from error
        if not math.isfinite(number):
            raise self.make_error("special")
        return number


class Whole(fields.Integer):
    """A whole number between `least` and `most`."""

    def __init__(self, *, least: int = 0, most: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)
        self.validators = [validate.Range(min=least, max=most), *self.validators]

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


def parse_time(value: Any) -> datetime:
    """An aware datetime from RFC 3339; raises ValidationError that says what is missing."""
    if not isinstance(value, str):
        raise ValidationError("Not a time: write it as 2026-11-24T08:30:00Z.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValidationError("Not a time: write it as 2026-11-24T08:30:00Z.") from error
    if moment.tzinfo is None:
        raise ValidationError("The time has no zone: end it with Z or +01:00.")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError("This year cannot be right.") from error
    if not 1970 <= moment.year <= 2200:
        raise ValidationError("This year cannot be right.")
    return moment


def format_time(moment: datetime) -> str:
    """RFC 3339 UTC with microseconds, so that the text sorts as the time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
