"""Second copies of objects, rounds and findings of the scrub, and attempts upon the locks."""

import sqlalchemy as sa
from alembic import op

from shared.db.migration import APPEND, CHANGE, forbid_changes, grant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SCHEMA = "chain_of_custody"
_TIME = sa.DateTime(timezone=True)
_FIXED = ("id", "spectrum_id", "item_id", "filename", "store", "version_id", "kind", "detail", "found_at")


def upgrade() -> None:
    """Makes the tables. What was found and what was made stays; findings are closed once."""
    _make_copies()
    _make_scrub()
    op.create_table(
        "store_canaries",
        _number(),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("delete_refused", sa.Boolean(), nullable=False),
        sa.Column("shortening_refused", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_store_canaries"),
        schema=_SCHEMA,
    )
    grant(APPEND, "store_canaries")
    grant(f"{APPEND}, UPDATE (legal_hold)", "object_copies")
    grant(CHANGE, "scrub_rounds", "store_findings")
    forbid_changes("store_canaries")
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _FIXED)
    op.execute(
        f"CREATE FUNCTION {_SCHEMA}.keep_finding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL OR NOT ({same}) THEN "
        "RAISE EXCEPTION 'what was found stays on record' USING ERRCODE = 'insufficient_privilege'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER store_findings_kept BEFORE UPDATE OR DELETE ON {_SCHEMA}.store_findings "
        f"FOR EACH ROW EXECUTE FUNCTION {_SCHEMA}.keep_finding()"
    )


def _number() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _make_copies() -> None:
    op.create_table(
        "object_copies",
        _number(),
        sa.Column("spectrum_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["spectrum_id"], [f"{_SCHEMA}.spectra.id"], name="fk_object_copies_spectrum_id"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_object_copies"),
        schema=_SCHEMA,
    )
    op.create_index("ix_object_copies_spectrum_id", "object_copies", ["spectrum_id"], schema=_SCHEMA)


def _make_scrub() -> None:
    op.create_table(
        "scrub_rounds",
        _number(),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("touched_at", _TIME, nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in (
                "cursor", "last", "objects_total", "bytes_total", "objects_done", "bytes_done", "mismatches",
            )
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_scrub_rounds"),
        schema=_SCHEMA,
    )  # fmt: skip
    op.create_index(
        "uq_scrub_rounds_open",
        "scrub_rounds",
        [sa.text("(ended_at IS NULL)")],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "store_findings",
        sa.Column("id", sa.Text(), nullable=False),
        _number(),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("spectrum_id", "item_id", "filename", "store", "version_id", "kind", "detail")
        ),
        sa.Column("found_at", _TIME, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closing_words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["spectrum_id"], [f"{_SCHEMA}.spectra.id"], name="fk_store_findings_spectrum_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_store_findings"),
        sa.UniqueConstraint("seq", name="uq_store_findings_seq"),
        schema=_SCHEMA,
    )
    op.create_index("ix_store_findings_spectrum_id", "store_findings", ["spectrum_id"], schema=_SCHEMA)
    op.create_index(
        "uq_store_findings_open",
        "store_findings",
        ["spectrum_id", "store", "kind"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    """Refuses: evidence is not taken back."""
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")
