"""A toy service on the kit: one table of notes, to try transactions, idempotency and outbox without any subject."""

import secrets
from pathlib import Path
from typing import Any

import psycopg
from marshmallow import fields
from sqlalchemy import BigInteger, Identity, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapped, mapped_column

from shared.actor import Role, require
from shared.config import Settings
from shared.db.tables import declarative_base_for
from shared.errors import Conflict
from shared.http import context
from shared.http.app import create_service_app
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery, list_schema, paginate
from shared.http.schemas import Number, OccurredAt, Schema, Text
from shared.runtime import Runtime

Base = declarative_base_for("toy")


class Note(Base):  # type: ignore[misc, valid-type]
    """One note."""

    __tablename__ = "note"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    words: Mapped[str]


class NoteSchema(Schema):
    """A note as sent and as answered."""

    words = Text(required=True, most=50)
    mass = Number(above=0, load_only=True)
    occurred_at = OccurredAt(load_only=True)
    seq = fields.Integer(dump_only=True)


class NewNotes(Schema):
    """A body with a list, so that pointers have depth."""

    notes = fields.List(fields.Nested(NoteSchema), required=True)


blueprint = Blueprint("notes", __name__)


@blueprint.post("/notes")
@blueprint.arguments(NoteSchema)
@blueprint.response(201, NoteSchema)
def write(body: dict[str, Any]) -> Note:
    """Writes a note; one that says 'refuse' is written and then refused."""
    require(context.actor(), Role.TECHNICIAN)
    note = Note(words=body["words"])
    context.uow().session.add(note)
    context.uow().session.flush()
    if body["words"] == "refuse":
        raise Conflict("no", code="refused")
    context.uow().emit("other", "/internal/notes", {"words": note.words}, note.words)
    return note


@blueprint.post("/many")
@blueprint.arguments(NewNotes)
@blueprint.response(200)
def many(body: dict[str, Any]) -> dict[str, int]:
    """Only counts."""
    return {"n": len(body["notes"])}


@blueprint.get("/notes")
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, list_schema(NoteSchema))
def read(query: dict[str, Any]) -> dict[str, Any]:
    """All notes."""
    from sqlalchemy import select

    return paginate(context.uow().session, select(Note), Note.seq, **query)


@blueprint.get("/slow")
def slow() -> str:
    """Asks the database for more time than it gets."""
    context.uow().session.execute(text("SELECT pg_sleep(5)"))
    return "done"


def toy_runtime(settings: Settings) -> Runtime:
    """Makes role, schema and tables of the toy and a runtime on them."""
    owner = make_url(settings.owner_database_url())
    (Path(settings.keys_dir) / "database-toy.secret").write_text(secrets.token_hex(8))
    role = make_url(settings.service_database_url("toy"))
    with psycopg.connect(
        owner.set(drivername="postgresql").render_as_string(False), autocommit=True
    ) as connection:
        connection.execute(f"CREATE ROLE \"{role.username}\" LOGIN PASSWORD '{role.password}'")
        connection.execute(f'CREATE SCHEMA toy AUTHORIZATION "{role.username}"')
    engine = create_engine(role)
    Base.metadata.create_all(engine)
    engine.dispose()
    return Runtime("toy", settings)


def toy_app(runtime: Runtime) -> Any:
    """The toy's Flask application."""
    return create_service_app(runtime, [blueprint])
