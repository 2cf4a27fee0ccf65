"""An item's profile with what the runs around it say of its quality: blanks, controls, replicates, drift."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.classifier import repository, repository_runs
from services.classifier.custody import Custody, known
from services.classifier.domain.programme import Programme
from services.classifier.domain.qc import check_qc
from services.classifier.domain.run_role import BLANK, CONTROL, OF_THE_ITEM, REPLICATE, STANDARD
from services.classifier.domain.sequence_qc import (
    Noted,
    blank_ratio,
    replicate_rsd_percent,
    retention_drift_percent,
)
from services.classifier.models import RunProfile
from services.classifier.repository_runs import Found
from services.classifier.service.control_charts import judge_controls
from services.classifier.service.profiles import build_profile
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork

READERS = (*LABORATORY, Role.AUDITOR)
#: Runs of an instrument and method that lie so many hours from a sample's are of its sequence.
SEQUENCE_HOURS = 12.0
#: The retention of a run is held against so many runs before it.
EARLIER_RUNS = 20


def get_profile(
    actor: Actor, uow: UnitOfWork, custody: Custody, item_id: str, programme_id: str
) -> dict[str, Any]:
    """The profile of an item in the programme's newest version; raises NotFound for an item that custody does not have."""
    require(actor, *READERS)
    programme = programme_of(repository.programme_row(uow.session, programme_id))
    known(custody, [item_id])
    return judged_profile(uow.session, programme, item_id)


def judged_profile(session: Session, programme: Programme, item_id: str) -> dict[str, Any]:
    """The profile with `qc` (rule -> what was noted), `qc_details` (rule -> where from) and `findings`, each rule judged.

    What the runs show stands over what a technician noted beside a measurement.
    """
    profile = build_profile(session, programme, item_id)
    noted: dict[str, Noted] = {}
    runs = repository_runs.runs_of_items(session, programme.id, [item_id])
    with_method = {module.name for module, _ in programme.methods()}
    for module in dict.fromkeys(run.profile["module"] for run, _ in runs):
        if module not in with_method:
            continue
        own = [found for found in runs if found[0].profile["module"] == module]
        for rule, value in _of_sequence(session, programme, module, own).items():
            if rule not in noted or abs(value.value) > abs(noted[rule].value):
                noted[rule] = value
    profile["qc"] |= {rule: value.value for rule, value in noted.items()}
    profile["qc_details"] = {rule: value.detail for rule, value in noted.items()}
    profile["findings"] = [
        asdict(finding) for finding in check_qc(programme, profile["qc"], profile["qc_details"])
    ]
    return profile


def _of_sequence(
    session: Session, programme: Programme, module: str, own: Sequence[Found]
) -> dict[str, Noted]:
    """What the sequence of the module's last run says, by rule; rules on which it says nothing are left out."""
    run, spectrum = own[-1]
    moment = datetime.fromisoformat(spectrum.acquired_at)
    since, until = repository_runs.around(moment, SEQUENCE_HOURS)
    around = [
        found
        for found in repository_runs.runs_of_instrument(
            session, programme.id, spectrum.instrument, spectrum.method,
            roles=(BLANK, CONTROL), since=since, until=until,
        )
        if found[0].profile["module"] == module
    ]  # fmt: skip
    method = next(method for found, method in programme.methods() if found.name == module)
    standards = frozenset((method.internal_standard.name, *(anchor.name for anchor in method.anchors)))
    blanks = {s.filename: areas_of(r) for r, s in around if s.run_role == BLANK}
    found = {
        "blank_ratio": blank_ratio(areas_of(run), blanks, standards),
        "replicate_rsd_percent": _agreement(programme, own, since, until),
        "retention_drift_percent": _drift(session, programme, run, spectrum, moment),
    }
    controls = [s.id for _, s in around if s.run_role == CONTROL]
    found |= judge_controls(session, programme, module, spectrum, until, controls)
    return {rule: value for rule, value in found.items() if value is not None}


def _agreement(programme: Programme, own: Sequence[Found], since: datetime, until: datetime) -> Noted | None:
    """Of the item's runs of this sequence, where one of them is a replicate."""
    last = own[-1][1]
    same = [
        (run, spectrum)
        for run, spectrum in own
        if (spectrum.instrument, spectrum.method) == (last.instrument, last.method)
        and since <= datetime.fromisoformat(spectrum.acquired_at) <= until
    ]
    if not any(spectrum.run_role == REPLICATE for _, spectrum in same):
        return None
    values = [
        {value["analyte"]: value["value"] for value in run.profile["values"] if value["value"] is not None}
        for run, _ in same
    ]
    return replicate_rsd_percent(values, {analyte.name: analyte.loq for analyte in programme.analytes})


def _drift(
    session: Session, programme: Programme, run: RunProfile, spectrum: Any, moment: datetime
) -> Noted | None:
    standard = run.profile.get("internal_standard")
    if standard is None:
        return None
    before = repository_runs.runs_of_instrument(
        session, programme.id, spectrum.instrument, spectrum.method,
        roles=(*OF_THE_ITEM, BLANK, CONTROL, STANDARD), until=moment, last=EARLIER_RUNS + 1,
    )  # fmt: skip
    times = [
        earlier.profile["internal_standard"]["apex_s"]
        for earlier, s in before
        if s.id != spectrum.id
        and earlier.profile["module"] == run.profile["module"]
        and earlier.profile.get("internal_standard")
    ]
    return retention_drift_percent(standard["apex_s"], times[-EARLIER_RUNS:])


def areas_of(run: RunProfile) -> dict[str, float]:
    """Areas by compound of what was found in a run."""
    areas = run.profile.get("areas")
    if areas is None:
        peaks = {value["analyte"]: value.get("peak") for value in run.profile["values"]}
        areas = {name: peak["area"] for name, peak in peaks.items() if peak}
    return dict(areas)
