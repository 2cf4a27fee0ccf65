"""Rows of evidence are never deleted or emptied, by their owner neither, and change only in their state, and only forward (E12).

Revision ID: 0015
"""

from collections.abc import Sequence

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
#: Columns that are filled in once and never change again.
_ONCE = {
    "disposals": (
        "authorised_by", "authorised_at", "executed_by", "executed_at", "witness", "withdrawn_by", "withdrawn_at",
        "withdraw_reason",
    ),
    "handovers": ("reason", "ended_at"),
    "holds": ("released_by", "released_at", "release_reason"),
    "discrepancies": ("resolved_at",),
    "spectra": ("sha256",),
}  # fmt: skip
#: Columns that change as their work goes on.
_MOVING = {
    "disposals": ("state",),
    "handovers": ("state",),
    "handover_items": ("pending",),
    "spectra": ("state", "reason", "format", "summary", "legal_hold", "checked_at", "read_at"),
    "object_copies": ("legal_hold",),
    "items": (
        "seal_number", "seal_condition", "holder_kind", "holder", "holder_name", "holder_person", "holder_place", "transfers",
        "blocked", "open_holds", "ending", "state", "remaining_mg", "uncertainty_mg", "aliquots", "events", "last_digest",
    ),
    "uploads": ("offset", "stored", "state", "store_upload_id", "touched_at"),
    "scrub_rounds": (
        "ended_at", "touched_at", "cursor", "objects_total", "bytes_total", "objects_done", "bytes_done", "mismatches",
        "heads_done", "last",
    ),
}  # fmt: skip
#: What must hold of a change from OLD to NEW.
_FORWARD = {
    "disposals": "(OLD.state = NEW.state AND OLD.state IN ('requested', 'authorised')) "
    "OR (OLD.state, NEW.state) IN (('requested', 'authorised'), ('requested', 'withdrawn'), ('authorised', 'withdrawn'), "
    "('authorised', 'executed'))",
    "handovers": "OLD.state = 'offered'",
    "handover_items": "OLD.pending OR NOT NEW.pending",
    "items": "NEW.events >= OLD.events AND NEW.aliquots >= OLD.aliquots AND NEW.transfers >= OLD.transfers "
    "AND (OLD.ending IS NULL OR NEW.ending IS NOT DISTINCT FROM OLD.ending)",
    "spectra": "OLD.state = NEW.state OR NEW.state <> 'verifying'",
}
#: Rows that are changed in place, or go through rules of their own, but are never taken away.
_KEPT = ("people", "locations", "overdue", "store_findings", "series")


def upgrade() -> None:
    """Adds the triggers; the service's own acts pass them all."""
    op.execute(
        f"CREATE OR REPLACE FUNCTION {_SCHEMA}.refuse_removal() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are never removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    changing = sorted({*_ONCE, *_MOVING})
    for table in (*changing, *_KEPT):
        op.execute(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE OR TRUNCATE ON {_SCHEMA}.{table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_SCHEMA}.refuse_removal()"
        )
    for table in changing:
        _go_forward(table, _ONCE.get(table, ()), _MOVING.get(table, ()), _FORWARD.get(table, "true"))


def _go_forward(table: str, once: Sequence[str], moving: Sequence[str], forward: str) -> None:
    """After the change, so that the tables' own constraints speak first."""
    free = ", ".join(f"'{name}'" for name in (*once, *moving))
    kept = "".join(
        f" AND (OLD.{name} IS NULL OR NEW.{name} IS NOT DISTINCT FROM OLD.{name})" for name in once
    )
    op.execute(
        f"CREATE FUNCTION {_SCHEMA}.{table}_go_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF to_jsonb(NEW) - ARRAY[{free}] IS DISTINCT FROM to_jsonb(OLD) - ARRAY[{free}] OR NOT (({forward}){kept}) THEN "
        "RAISE EXCEPTION 'a row of % changes in its state alone, and only forward', TG_TABLE_NAME "
        "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_go_forward AFTER UPDATE ON {_SCHEMA}.{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {_SCHEMA}.{table}_go_forward()"
    )


def downgrade() -> None:
    """Evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
