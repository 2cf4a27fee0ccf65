"""The database itself keeps what is frozen: dispatched submissions, decided lines, resolved discrepancies (E11, E12).

Event time and entry time of dispatch and resolution are kept beside each other (E9), and a resolution keeps its signature (E16).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSE = "USING ERRCODE = 'insufficient_privilege'"


def upgrade() -> None:
    """Adds columns, the uniqueness of decisions, and triggers that hold for the owner too."""
    time = sa.DateTime(timezone=True)
    op.add_column("submission", sa.Column("dispatch_recorded_at", time, nullable=True), schema="intake")
    op.add_column("discrepancy", sa.Column("resolution_recorded_at", time, nullable=True), schema="intake")
    signature = sa.Column("signature", postgresql.JSONB(none_as_null=True), nullable=True)
    op.add_column("discrepancy", signature, schema="intake")
    op.drop_column("discrepancy", "signed_by_method", schema="intake")
    for name, condition in (("arrived", "outcome <> 'missing'"), ("missing", "outcome = 'missing'")):
        op.create_index(
            f"uq_receipt_line_{name}",
            "receipt_line",
            ["submission_id", "line"],
            unique=True,
            schema="intake",
            postgresql_where=sa.text(condition),
        )
    _trigger(
        "submission",
        "BEFORE UPDATE OR DELETE",
        f"""
        IF OLD.state <> 'draft' AND (TG_OP = 'DELETE' OR NEW.state = 'draft'
            OR to_jsonb(NEW) - 'state' - 'version' <> to_jsonb(OLD) - 'state' - 'version') THEN
            RAISE EXCEPTION 'submission % is frozen since its dispatch', OLD.number {_REFUSE};
        END IF;
        """,
    )
    _trigger(
        "line",
        "BEFORE INSERT OR UPDATE OR DELETE",
        f"""
        IF EXISTS (SELECT 1 FROM intake.submission AS s WHERE s.state <> 'draft'
            AND s.id = CASE TG_OP WHEN 'DELETE' THEN OLD.submission_id ELSE NEW.submission_id END) THEN
            RAISE EXCEPTION 'the lines of a dispatched submission are frozen' {_REFUSE};
        END IF;
        """,
    )
    fixed = ("id", "code", "office", "submission_id", "receipt_id", "line", "detail", "opened_at")
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in fixed)
    _trigger(
        "discrepancy",
        "BEFORE UPDATE OR DELETE",
        f"""
        IF TG_OP = 'DELETE' OR OLD.state = 'resolved' OR NOT ({same}) THEN
            RAISE EXCEPTION 'discrepancy % cannot be changed so', OLD.id {_REFUSE};
        END IF;
        """,
    )


def downgrade() -> None:
    raise RuntimeError("Evidence is not taken back: restore a backup instead.")


def _trigger(table: str, when: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION intake.keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_frozen {when} ON intake.{table} FOR EACH ROW EXECUTE FUNCTION intake.keep_{table}()"
    )
