"""Peaks integrated again by a technician: a new version of what was found in a run, with its reason; the old ones stay."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from services.classifier import repository, repository_runs
from services.classifier.custody import Custody, known, require_workable
from services.classifier.domain.profile.find_peaks import PeakParameters
from services.classifier.domain.profile.manual import BadBounds, Manual
from services.classifier.domain.profile.profile import NoMethod, ProfileParameters
from services.classifier.domain.profile.profile_from_run import carry_over, method_of, profile_from_run
from services.classifier.domain.profile.signal import KeptTraces, NotKept
from services.classifier.domain.programme import Method, Programme
from services.classifier.domain.run_role import BLANK, OF_THE_ITEM
from services.classifier.models import RunProfile, Spectrum
from services.classifier.service.measurements import tell_ledger
from services.classifier.service.profile_rows import keep_profile_rows
from services.classifier.service.programmes import programme_of
from services.classifier.service.run_profiles import as_stored
from shared.actor import LABORATORY, Actor, Role, require
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

READERS = (*LABORATORY, Role.AUDITOR)
#: Parameters of the peak search that a technician may change; the others stay as they are.
OF_PEAKS = ("baseline_s", "smoothing_points", "noise_multiple", "edge_fraction")
OF_PROFILE = ("window_percent", "qualifier_tolerance_percent", "standard_search_percent")


def integrate_again(
    actor: Actor, uow: UnitOfWork, custody: Custody, spectrum_id: str, body: dict[str, Any], *, now: datetime
) -> RunProfile:
    """Records a new version in which the named peaks have the given ends, or the search other parameters.

    Peaks and parameters that are not named are as in the version found by itself. Raises Conflict `no_integration` where the run
    has no traces or no method to integrate by.
    """
    require(actor, Role.TECHNICIAN, Role.REVIEWER)
    spectrum = uow.session.get(Spectrum, spectrum_id, with_for_update=True)
    if spectrum is None:
        raise NotFound("There is no such spectrum.")
    if spectrum.read_at is None:
        raise Conflict("The file has not been read yet; ask again in a moment.", code="not_read_yet")
    row = repository.programme_row(uow.session, body["programme"])
    programme = programme_of(row)
    facts = known(custody, [spectrum.item_id])[spectrum.item_id]
    require_workable(facts)
    last = repository_runs.last_version(uow.session, spectrum_id, programme.id)
    if last is None:
        raise Conflict(
            f"Nothing was looked for in this run by the method of {programme.id}.", code="no_integration"
        )
    module = last.profile["module"]
    _refuse_names(programme, module, body["peaks"], spectrum.run_role)
    profile = _profile(uow, spectrum, programme, module, body)
    repository.remember_facts(uow.session, [facts])
    recorded = _record(uow, actor, spectrum, facts.root_id, programme, profile, body, last, now)
    payload = {
        "spectrum_id": spectrum_id,
        "spectrum_sha256": spectrum.sha256,
        "profile_id": recorded.id,
        "profile_sha256": recorded.digest,
        "programme": programme.id,
        "version": recorded.version,
    }
    occurred_at = body.get("occurred_at") or now
    tell_ledger(uow, spectrum.item_id, "integrated_again", actor, occurred_at, body["reason"], payload)
    if spectrum.run_role in OF_THE_ITEM:
        keep_profile_rows(uow.session, programme.id, {spectrum.item_id: facts.root_id})
    return recorded


def list_integrations(
    actor: Actor,
    uow: UnitOfWork,
    spectrum_id: str,
    *,
    programme: str | None,
    limit: int,
    cursor: int | None,
) -> dict[str, Any]:
    """Every version of what was found in a run, oldest first; the last is the one that holds."""
    require(actor, *READERS)
    if uow.session.get(Spectrum, spectrum_id) is None:
        raise NotFound("There is no such spectrum.")
    query = repository_runs.versions(spectrum_id, programme)
    return paginate(uow.session, query, RunProfile.seq, limit=limit, cursor=cursor, dump=describe)


def describe(row: RunProfile) -> dict[str, Any]:
    """A version as it is answered."""
    names = (
        "id", "spectrum_id", "item_id", "programme", "programme_version", "version", "reason", "changes", "integrated_by",
        "digest", "recorded_at", "profile",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def _profile(
    uow: UnitOfWork, spectrum: Spectrum, programme: Programme, module: str, body: dict[str, Any]
) -> dict[str, Any]:
    rows = repository_runs.ion_trace_rows(uow.session, spectrum.id)
    if not rows:
        raise Conflict(
            "No traces of single masses were kept of this run, so nothing can be integrated.",
            code="no_integration",
        )
    kept = KeptTraces(
        np.frombuffer(rows[0].x, "<f8"), {row.channel: np.frombuffer(row.y, "<f8") for row in rows}
    )
    manual = {
        peak["name"]: Manual(peak.get("start_s"), peak.get("end_s"), peak["baseline"])
        for peak in body["peaks"]
    }
    try:
        if spectrum.run_role == BLANK:
            return as_stored(carry_over(kept, programme, _parameters(body), module))
        return as_stored(profile_from_run(kept, programme, _parameters(body), module, manual))
    except BadBounds as error:
        name = str(error).partition(":")[0]
        place = next(n for n, peak in enumerate(body["peaks"]) if peak["name"] == name)
        raise Invalid(
            str(error), errors=[FieldError(pointer=f"/peaks/{place}", message=str(error))]
        ) from error
    except (NoMethod, NotKept) as error:
        raise Conflict(f"The run cannot be integrated: {error}.", code="no_integration") from error


def _parameters(body: dict[str, Any]) -> ProfileParameters:
    given = body.get("parameters") or {}
    peaks = replace(PeakParameters(), **{name: given[name] for name in OF_PEAKS if name in given})
    return replace(
        ProfileParameters(), peaks=peaks, **{name: given[name] for name in OF_PROFILE if name in given}
    )


def _refuse_names(programme: Programme, module: str, peaks: list[dict[str, Any]], run_role: str) -> None:
    """Compounds that the method does not have, twice the same, and peaks of a blank, each by its pointer."""
    method: Method = method_of(programme, module)[1]
    names = {compound.name for compound in (method.internal_standard, method.main, *method.targets)}
    errors = []
    for place, peak in enumerate(peaks):
        name = peak["name"]
        if run_role == BLANK:
            errors.append((place, "The peaks of a blank are not set by hand; change the parameters."))
        elif name not in names:
            errors.append((place, f"The method of {module} has no compound {name!r}."))
        elif name in [other["name"] for other in peaks[:place]]:
            errors.append((place, f"{name} stands twice."))
    if errors:
        told = [FieldError(pointer=f"/peaks/{place}/name", message=message) for place, message in errors]
        raise Invalid("; ".join(message for _, message in errors[:3]), errors=told)


def _record(
    uow: UnitOfWork,
    actor: Actor,
    spectrum: Spectrum,
    root_id: str,
    programme: Programme,
    profile: dict[str, Any],
    body: dict[str, Any],
    last: RunProfile,
    now: datetime,
) -> RunProfile:
    changes = {"peaks": body["peaks"], "parameters": body.get("parameters") or {}}
    content = {
        "spectrum_id": spectrum.id, "item_id": spectrum.item_id, "programme": programme.id,
        "programme_version": programme.version, "profile": profile, "reason": body["reason"], "changes": changes,
        "version": repository_runs.next_version(uow.session, spectrum.id, programme.id), "integrated_by": actor.login,
    }  # fmt: skip
    told = {
        **content,
        "replaces": last.id,
        "spectrum_sha256": spectrum.sha256,
        "recorded_at": format_time(now),
    }
    row = RunProfile(id=new_id(), root_id=root_id, recorded_at=now, digest=canonical_digest(told), **content)
    uow.session.add(row)
    uow.session.flush()
    return row
