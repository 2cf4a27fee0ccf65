"""Measurements over HTTP."""

from typing import Any

from flask import request

from services.classifier.models import Measurement
from services.classifier.schemas import (
    CorrectionSchema,
    ImportQuery,
    ImportSchema,
    MeasurementList,
    MeasurementQuery,
    MeasurementSchema,
    NewMeasurementSchema,
)
from services.classifier.service import import_measurements, measurements
from shared.errors import Invalid
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("measurements", __name__, description="Peak tables and isotope values as data")


@blp.get("/measurements")
@blp.arguments(MeasurementQuery, location="query")
@blp.response(200, MeasurementList)
def list_measurements(query: dict[str, Any]) -> dict[str, Any]:
    """Measurements as posted, corrections among them."""
    filters = {"item_id": query.pop("item_id", None), "programme": query.pop("programme", None)}
    return measurements.list_measurements(context.actor(), context.uow(), **filters, **query)


@blp.get("/measurements/<measurement_id>")
@blp.response(200, MeasurementSchema)
def get_measurement(measurement_id: str) -> Measurement:
    """One measurement."""
    return measurements.get_measurement(context.actor(), context.uow(), measurement_id)


@blp.post("/measurements")
@blp.arguments(NewMeasurementSchema)
@blp.response(201, MeasurementSchema)
def record_measurement(body: dict[str, Any]) -> Measurement:
    """Records a measurement of a received item."""
    custody = context.runtime().extras["custody"]
    return measurements.record_measurement(context.actor(), context.uow(), custody, body, now=context.now())


@blp.post("/measurements/<measurement_id>/corrections")
@blp.arguments(CorrectionSchema)
@blp.response(201, MeasurementSchema)
def correct_measurement(body: dict[str, Any], measurement_id: str) -> Measurement:
    """Corrects a measurement by a new record with a reason."""
    custody = context.runtime().extras["custody"]
    return measurements.correct_measurement(
        context.actor(), context.uow(), custody, measurement_id, body, now=context.now()
    )


@blp.post("/measurements/import")
@blp.arguments(ImportQuery, location="query")
@blp.response(200, ImportSchema)
def import_table(query: dict[str, Any]) -> dict[str, Any]:
    """Records a table of measurements (multipart `file`, CSV), all rows or none."""
    file = request.files.get("file")
    if file is None:
        message = "Send the table as multipart/form-data in the field 'file'."
        raise Invalid(message, errors=[{"pointer": "/file", "message": message}])
    return import_measurements.import_measurements(
        context.actor(), context.uow(), context.runtime().extras["custody"], query["programme"], file.read(),
        now=context.now(), dry_run=query["dry_run"],
    )  # fmt: skip
