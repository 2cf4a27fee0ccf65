"""Profiles and chromatograms over HTTP."""

from typing import Any

from services.classifier.schemas import ProfileSchema, ProgrammeQuery, TraceQuery, TraceSchema
from services.classifier.schemas_peaks import RunPeaksSchema
from services.classifier.service import judged_profiles, run_peaks, traces
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("profiles", __name__, description="What was found in an item, and the traces behind it")


@blp.get("/items/<item_id>/profile")
@blp.arguments(ProgrammeQuery, location="query")
@blp.response(200, ProfileSchema)
def get_profile(query: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Every analyte of the programme with its value and source."""
    return judged_profiles.get_profile(
        context.actor(), context.uow(), context.runtime().extras["custody"], item_id, query["programme"]
    )


@blp.get("/spectra/<spectrum_id>/trace")
@blp.arguments(TraceQuery, location="query")
@blp.response(200, TraceSchema)
def get_trace(query: dict[str, Any], spectrum_id: str) -> dict[str, Any]:
    """A chromatogram, thinned so that no extreme is lost."""
    return traces.get_trace(context.actor(), context.uow(), spectrum_id, query)


@blp.get("/spectra/<spectrum_id>/peaks")
@blp.response(200, RunPeaksSchema)
def get_peaks(spectrum_id: str) -> dict[str, Any]:
    """The peaks that the programmes' methods found in a run."""
    return run_peaks.get_peaks(context.actor(), context.uow(), spectrum_id)
