"""Control charts of an instrument: one for each method and analyte, from the runs of the control material."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.classifier import repository, repository_runs
from services.classifier.domain.control_chart import ControlChart, control_chart
from services.classifier.domain.programme import CONTROL_Z, WESTGARD, Programme
from services.classifier.domain.run_role import CONTROL
from services.classifier.domain.sequence_qc import Noted
from services.classifier.models import Spectrum
from services.classifier.repository_runs import Found
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork

#: So many control runs make up a chart; older ones are history.
LAST_CONTROLS = 500
READERS = (*LABORATORY, Role.AUDITOR)


def list_charts(
    actor: Actor, uow: UnitOfWork, programme_id: str, *, instrument: str | None, method: str | None, analyte: str | None
) -> dict[str, Any]:  # fmt: skip
    """Charts of a programme's control runs: points in the order of acquisition, limits, and the rules that each point breaks."""
    require(actor, *READERS)
    programme = programme_of(repository.programme_row(uow.session, programme_id))
    charts = []
    for place in _instruments(uow.session, programme.id):
        if instrument in (None, place[0]) and method in (None, place[1]):
            runs = _controls(uow.session, programme, *place)
            for module, _ in programme.methods():
                charts += _charts(programme, module.name, place, runs, analyte)
    return {"items": charts, "next": None}


def judge_controls(
    session: Session,
    programme: Programme,
    module: str,
    of: Spectrum,
    until: datetime,
    controls: Sequence[str],
) -> dict[str, Noted | None]:
    """The greatest distance of a control from its centre, and how many analytes break a rule, over these control runs.

    Nothing where there is no control run, or no chart has limits yet.
    """
    if not controls:
        return {}
    runs = [
        found
        for found in _controls(session, programme, of.instrument, of.method, until)
        if found[0].profile["module"] == module
    ]
    worst, where, broken, analytes = 0.0, "", [], set()
    judged = False
    for analyte, (spectra, chart) in _by_analyte(programme, module, runs).items():
        if chart.limits is None:
            continue
        for spectrum, point in zip(spectra, chart.points, strict=True):
            if spectrum.id not in controls or point.z is None:
                continue
            judged = True
            if abs(point.z) > abs(worst):
                worst, where = point.z, f"{analyte} in control {spectrum.filename}"
            broken += [f"{analyte} {rule} in control {spectrum.filename}" for rule in point.violations]
            analytes |= {analyte} if point.violations else set()
    if not judged:
        return {}
    words = "; ".join(broken[:5]) or "no rule of the control charts is broken"
    return {
        CONTROL_Z: Noted(worst, where or "at its centre"),
        WESTGARD: Noted(float(len(analytes)), words),
    }


def _controls(
    session: Session, programme: Programme, instrument: str, method: str, until: datetime | None = None
) -> list[Found]:
    return repository_runs.runs_of_instrument(
        session, programme.id, instrument, method, roles=(CONTROL,), until=until, last=LAST_CONTROLS
    )


def _instruments(session: Session, programme_id: str) -> list[tuple[str, str]]:
    newest = repository_runs.newest_profiles().subquery()
    query = (
        select(Spectrum.instrument, Spectrum.method)
        .where(Spectrum.run_role == CONTROL, Spectrum.id.in_(select(newest.c.spectrum_id)))
        .distinct()
        .order_by(Spectrum.instrument, Spectrum.method)
    )
    return [(row.instrument, row.method) for row in session.execute(query)]


def _by_analyte(
    programme: Programme, module: str, runs: Sequence[Found]
) -> dict[str, tuple[list[Spectrum], ControlChart]]:
    method = next(method for found, method in programme.methods() if found.name == module)
    given = {target.analyte: (target.mean, target.sd) for target in method.controls}
    found: dict[str, tuple[list[Spectrum], list[float]]] = {}
    for run, spectrum in runs:
        for value in run.profile["values"]:
            if value["value"] is not None:
                spectra, values = found.setdefault(value["analyte"], ([], []))
                spectra.append(spectrum)
                values.append(value["value"])
    return {
        analyte: (spectra, control_chart(values, given.get(analyte)))
        for analyte, (spectra, values) in found.items()
    }


def _charts(
    programme: Programme, module: str, place: tuple[str, str], runs: Sequence[Found], wanted: str | None
) -> list[dict[str, Any]]:
    own = [found for found in runs if found[0].profile["module"] == module]
    charts = []
    for analyte, (spectra, chart) in _by_analyte(programme, module, own).items():
        if wanted not in (None, analyte):
            continue
        limits = chart.limits
        charts.append(
            {
                "programme": programme.id,
                "instrument": place[0],
                "method": place[1],
                "module": module,
                "analyte": analyte,
                "limits": None
                if limits is None
                else {
                    "centre": limits.centre,
                    "sd": limits.sd,
                    "from_values": limits.from_values,
                    "warning": [limits.at(-2), limits.at(2)],
                    "action": [limits.at(-3), limits.at(3)],
                },
                "points": [
                    {
                        "spectrum_id": spectrum.id,
                        "acquired_at": spectrum.acquired_at,
                        "value": point.value,
                        "z": point.z,
                        "violations": list(point.violations),
                        "warning": point.warning,
                    }
                    for spectrum, point in zip(spectra, chart.points, strict=True)
                ],
            }
        )
    return charts
