"""The peaks that profiles name in one run: internal standard, main compound, and every analyte that was found."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.classifier import repository, repository_runs
from services.classifier.models import Spectrum
from services.classifier.service.traces import READERS
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound


def get_peaks(actor: Actor, uow: UnitOfWork, spectrum_id: str) -> dict[str, Any]:
    """By programme, the newest version of each; empty where no programme's method goes with the run. Raises NotFound."""
    require(actor, *READERS)
    spectrum = uow.session.get(Spectrum, spectrum_id)
    if spectrum is None or (actor.role is Role.INSTRUMENT and spectrum.instrument != actor.login):
        raise NotFound("There is no such spectrum.")
    newest = {row.programme: row for row in repository.run_profiles(uow.session, spectrum_id)}
    return {
        "spectrum_id": spectrum_id,
        "channels": list(repository_runs.kept_channels(uow.session, spectrum_id)),
        "profiles": [
            {
                "programme": row.programme,
                "programme_version": row.programme_version,
                "version": row.version,
                "module": row.profile.get("module"),
                "provenance": row.profile.get("provenance") or "",
                "peaks": sorted(_peaks(row.profile), key=lambda peak: peak["apex_s"]),
            }
            for row in newest.values()
        ],
    }


def _peaks(profile: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    standard = profile.get("internal_standard")
    if standard:
        yield _told(standard, "internal_standard", "internal standard")
    values = profile.get("values") or []
    main = next((value["main_peak"] for value in values if value.get("main_peak")), None)
    if main:
        yield _told(main, "main_compound", "main compound")
    for value in values:
        if value.get("peak"):
            yield _told(value["peak"], "analyte", value["analyte"])


def _told(peak: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    fields = (
        "channel",
        "start_s",
        "apex_s",
        "end_s",
        "height",
        "area",
        "area_uncertainty",
        "baseline_start",
        "baseline_end",
    )
    return {"kind": kind, "name": name, **{field: peak.get(field) for field in fields}}
