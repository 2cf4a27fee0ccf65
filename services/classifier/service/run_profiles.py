"""From a raw run to what is stored of it: the profile as plain data."""

from typing import Any

from services.classifier.domain.profile.profile_from_run import NoMethod, profile_from_run
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import RawRun


def profile_for(run: RawRun, programme: Programme) -> dict[str, Any] | None:
    """The profile that the programme's method finds in the run, or None where the two do not go together."""
    try:
        profile = profile_from_run(run, programme)
    except NoMethod:
        return None
    told = profile.as_data()
    told["programme_version"] = told.pop("version")
    told["qc"] = dict(profile.noted)
    return told
