"""Tables of the classifier: programmes, what was measured, what was read, models, results and their reviews.

What an opinion rests on is insert-only for the database role; of a result only the state may change.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables import declarative_base_for

Base: Any = declarative_base_for("classifier")


def _seq() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), unique=True)


class ProgrammeRow(Base):
    """One version of a programme, as posted; a version never changes."""

    __tablename__ = "programme"
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    title: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[str]
    posted_by: Mapped[str]
    posted_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ItemFacts(Base):
    """What custody last said of an item; kept so that lists need not ask."""

    __tablename__ = "item_facts"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    exhibit_id: Mapped[str] = mapped_column(index=True)
    office: Mapped[str] = mapped_column(index=True)
    programme: Mapped[str | None]
    kind: Mapped[str]
    root_id: Mapped[str] = mapped_column(index=True)


class ExhibitFacts(Base):
    """Where and when an exhibit was seized, as intake told it; kept, since it does not change after receipt."""

    __tablename__ = "exhibit_facts"
    exhibit_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seized_on: Mapped[date | None]
    seized_country: Mapped[str | None]
    received_on: Mapped[date]


class Measurement(Base):
    """A peak table or isotope values as data. A correction is a row of its own that names what it corrects."""

    __tablename__ = "measurement"
    __table_args__ = (Index("ix_measurement_profile", "programme", "root_id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    item_id: Mapped[str] = mapped_column(index=True)
    root_id: Mapped[str]
    programme: Mapped[str]
    programme_version: Mapped[str]
    method: Mapped[str]
    instrument: Mapped[str]
    values: Mapped[list[Any]] = mapped_column(JSONB)
    qc: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    corrects: Mapped[str | None] = mapped_column(index=True)
    reason: Mapped[str | None]
    digest: Mapped[str]
    measured_by: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Spectrum(Base):
    """A stored run as custody told of it, and what reading it gave."""

    __tablename__ = "spectrum"
    __table_args__ = (Index("ix_spectrum_sequence", "instrument", "method", "run_role"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    item_id: Mapped[str] = mapped_column(index=True)
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    technique: Mapped[str]
    instrument: Mapped[str]
    method: Mapped[str]
    run_role: Mapped[str]
    acquired_at: Mapped[str]
    format: Mapped[str | None]
    reason: Mapped[str | None]
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    read_at: Mapped[datetime | None]


class TraceRow(Base):
    """The total ion current of a run, and the ions that its programme's methods look at.

    Little-endian float64 arrays of one length.
    """

    __tablename__ = "trace"
    spectrum_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    x: Mapped[bytes]
    y: Mapped[bytes]
    unit: Mapped[str]
    x_unit: Mapped[str]


class RunProfile(Base):
    """What a programme's method found in one run: values, the peaks they come from, and the parameters used.

    `version` 1 is what was found by itself; each later one is an integration by a technician, with its `reason` and `changes`.
    """

    __tablename__ = "run_profile"
    __table_args__ = (
        UniqueConstraint("spectrum_id", "programme", "programme_version", "version"),
        Index("ix_run_profile_lookup", "programme", "root_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    spectrum_id: Mapped[str]
    item_id: Mapped[str] = mapped_column(index=True)
    root_id: Mapped[str]
    programme: Mapped[str]
    programme_version: Mapped[str]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    reason: Mapped[str | None]
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    integrated_by: Mapped[str | None]
    digest: Mapped[str | None]


class ProfileRow(Base):
    """An item's profile as the numbers that searches and the archive need, newest by `seq`; derived, so it can be made again.

    `raw` is little-endian float64 in the order of the analytes of `programme_version`: NaN where nothing was measured,
    LOQ / sqrt(2) below the limit of quantitation, which `censored` names; `qc` is what was noted of the quality.
    Rows of one programme get their `seq` in the order of their commits.
    """

    __tablename__ = "profile_row"
    __table_args__ = (
        Index("ix_profile_row_programme", "programme", "seq"),
        Index("ix_profile_row_item", "item_id", "programme"),
    )
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[str]
    root_id: Mapped[str]
    programme: Mapped[str]
    programme_version: Mapped[str]
    raw: Mapped[bytes]
    censored: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    qc: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class LinkPopulationRow(Base):
    """What pairs of the library taught about links at one time: the rule, the counts, the threshold and how the ratios did."""

    __tablename__ = "link_population"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    programme: Mapped[str] = mapped_column(index=True)
    programme_version: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime]


class LibraryAct(Base):
    """A scientist took an authentic in, refused or withdrew it; the last act on an exhibit holds."""

    __tablename__ = "library_act"
    __table_args__ = (Index("ix_library_act_current", "exhibit_id", "seq"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    exhibit_id: Mapped[str]
    item_id: Mapped[str]
    programme: Mapped[str] = mapped_column(index=True)
    decision: Mapped[str]
    labels: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    provenance: Mapped[str]
    group_id: Mapped[str]
    reason: Mapped[str | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


class Job(Base):
    """Work that takes longer than a request: a classification or a training."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    kind: Mapped[str]
    programme: Mapped[str]
    item_ids: Mapped[list[str]] = mapped_column(JSONB)
    model_id: Mapped[str | None]
    state: Mapped[str]
    progress: Mapped[float]
    error: Mapped[str | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Model(Base):
    """A trained model: its signed bundle, how it was validated, who proposed and who activated it."""

    __tablename__ = "model"
    __table_args__ = (
        UniqueConstraint("programme", "version"),
        Index("uq_model_active", "programme", unique=True, postgresql_where=text("state = 'active'")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    programme: Mapped[str]
    programme_version: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    job_id: Mapped[str]
    bundle: Mapped[bytes | None] = mapped_column(deferred=True)
    digest: Mapped[str | None]
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    validation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    provenance: Mapped[str | None]
    error: Mapped[str | None]
    trained_by: Mapped[str]
    trained_at: Mapped[datetime]
    activated_by: Mapped[str | None]
    activated_at: Mapped[datetime | None]


class Result(Base):
    """An opinion on one item: what was determined, by which model, from which inputs. Only `state` may change."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("job_id", "item_id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    item_id: Mapped[str] = mapped_column(index=True)
    exhibit_id: Mapped[str] = mapped_column(index=True)
    item_number: Mapped[str]
    office: Mapped[str] = mapped_column(index=True)
    programme: Mapped[str] = mapped_column(index=True)
    programme_version: Mapped[str]
    job_id: Mapped[str | None]
    determinations: Mapped[list[Any]] = mapped_column(JSONB)
    model: Mapped[dict[str, Any]] = mapped_column(JSONB)
    inputs: Mapped[list[str]] = mapped_column(JSONB)
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    performers: Mapped[list[str]] = mapped_column(JSONB)
    digest: Mapped[str]
    replaces: Mapped[str | None] = mapped_column(unique=True)
    reason: Mapped[str | None]
    remarks: Mapped[str | None]
    state: Mapped[str]
    created_at: Mapped[datetime]


class Review(Base):
    """A second examiner's decision, signed and bound to the result's digest."""

    __tablename__ = "review"
    __table_args__ = (ForeignKeyConstraint(["result_id"], ["classifier.result.id"]),)
    id: Mapped[str] = mapped_column(primary_key=True)
    result_id: Mapped[str] = mapped_column(unique=True)
    decision: Mapped[str]
    comment: Mapped[str]
    reviewer: Mapped[str]
    reviewer_name: Mapped[str]
    method: Mapped[str]
    result_digest: Mapped[str]
    reviewed_at: Mapped[datetime]


class Report(Base):
    """The report as it was made at release, never again."""

    __tablename__ = "report"
    __table_args__ = (ForeignKeyConstraint(["result_id"], ["classifier.result.id"]),)
    result_id: Mapped[str] = mapped_column(primary_key=True)
    pdf: Mapped[bytes]
    sha256: Mapped[str]
    made_at: Mapped[datetime]
