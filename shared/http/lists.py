"""Lists: `limit` and an opaque `cursor`, read by a rising (or falling) key so that each entry comes exactly once."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from marshmallow import RAISE, ValidationError, fields, validate
from marshmallow import Schema as _Schema
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from shared.http.schemas import Schema

LONGEST = 500


class Cursor(fields.Field[int]):
    """An opaque mark of the last entry seen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            seen = json.loads(base64.urlsafe_b64decode(str(value).encode("ascii") + b"=="))
        except (ValueError, binascii.Error, UnicodeError) as error:
            raise ValidationError(
                "This cursor is not one of ours; begin the list again without it."
            ) from error
        if not isinstance(seen, int) or isinstance(seen, bool) or not 0 <= seen < 2**63:
            raise ValidationError("This cursor is not one of ours; begin the list again without it.")
        return seen


class ListQuery(_Schema):
    """The query of every list; subclasses add filters. Unknown parameters are refused."""

    class Meta:
        unknown = RAISE

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=LONGEST))
    cursor = Cursor(load_default=None)


def list_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a page of such items."""
    name = item.__name__.removesuffix("Schema") + "List"
    page = {
        "items": fields.List(fields.Nested(item), required=True),
        "next": fields.String(
            allow_none=True, required=True, metadata={"description": "cursor of the next page, or null"}
        ),
    }
    return type(name, (Schema,), page)


def paginate(
    session: Session,
    query: Select[Any],
    key: InstrumentedAttribute[int],
    *,
    limit: int,
    cursor: int | None,
    falling: bool = False,
    dump: Callable[[Any], Any] = lambda row: row,
) -> dict[str, Any]:
    """One page of `query`, ordered by the unique whole-number column `key`: {"items": [...], "next": cursor | None}."""
    if cursor is not None:
        query = query.where(key < cursor if falling else key > cursor)
    rows = session.scalars(query.order_by(key.desc() if falling else key.asc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return {"items": [dump(row) for row in rows], "next": mark(getattr(rows[-1], key.key)) if more else None}


def mark(key: int) -> str:
    """The cursor that continues behind this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
