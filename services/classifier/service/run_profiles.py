"""From a raw run to what is stored of it: the profile as plain data, and the traces that its numbers were taken from."""

from typing import Any

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.profile.profile import NoMethod, Profile, ProfileParameters
from services.classifier.domain.profile.profile_from_peak_table import profile_from_peak_table
from services.classifier.domain.profile.profile_from_run import carry_over, profile_from_run
from services.classifier.domain.profile.signal import ion_channel
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import RawRun
from services.classifier.domain.run_role import BLANK


def profile_for(run: RawRun | PeakTable, programme: Programme, run_role: str) -> dict[str, Any] | None:
    """The profile that the programme's method finds in the run, or None where the two do not go together.

    Of a run without spectra what the instrument's software reported beside it counts, as does a table of peaks alone.
    """
    with_values = run_role != BLANK
    try:
        if isinstance(run, PeakTable):
            return as_stored(profile_from_peak_table(run, programme, values=with_values))
        if not run.has_spectra and run.reported is not None:
            return as_stored(profile_from_peak_table(run.reported, programme, values=with_values))
        make = carry_over if run_role == BLANK else profile_from_run
        return as_stored(make(run, programme))
    except NoMethod:
        return None


def as_stored(profile: Profile) -> dict[str, Any]:
    """A profile as it is kept; `qc` is what was noted."""
    told = profile.as_data()
    told["programme_version"] = told.pop("version")
    told["qc"] = dict(profile.noted)
    return told


def ion_traces(run: RawRun, programme: Programme) -> list[dict[str, Any]]:
    """The traces of every mass that the programme's methods look at: what peaks are drawn on and integrated again from."""
    if not run.has_spectra:
        return []
    tolerance = ProfileParameters().mass_tolerance
    masses = {mass for _, method in programme.methods() for c in method.compounds for mass in c.masses}
    return [
        {
            "channel": ion_channel(mass),
            "x": run.times_s.tolist(),
            "y": run.ion(mass, tolerance=tolerance).tolist(),
            "unit": run.unit,
            "x_unit": "s",
        }
        for mass in sorted(masses)
    ]
