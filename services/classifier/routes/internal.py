"""What other services tell and ask the classifier."""

from typing import Any

from marshmallow import EXCLUDE, fields

from services.classifier.service import programmes, read_spectra
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.schemas import Schema

blp = Blueprint("classifier_internal", __name__)


class SpectrumSchema(Schema):
    """A run that custody has stored and re-hashed."""

    class Meta:
        unknown = EXCLUDE

    spectrum_id = fields.String(required=True)
    item_id = fields.String(required=True)
    filename = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    technique = fields.String(required=True)
    instrument = fields.String(required=True)
    method = fields.String(required=True)
    run_role = fields.String(required=True)
    acquired_at = fields.String(required=True)


@blp.get("/programmes/<programme_id>")
@blp.response(200)
def know_programme(programme_id: str) -> dict[str, str]:
    """Whether a programme exists."""
    return programmes.know_programme(context.actor(), context.uow(), programme_id)


@blp.post("/spectra")
@blp.arguments(SpectrumSchema)
@blp.response(200)
def announce_spectrum(body: dict[str, Any]) -> dict[str, str]:
    """Custody tells of a stored run."""
    read_spectra.announce_spectrum(context.actor(), context.uow(), body, now=context.now())
    return {"spectrum_id": body["spectrum_id"]}
