"""Bodies and answers about substance: weighings, what is taken, composites, balances, the mass balance of a lineage."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.chain_of_custody.domain.check_mass_balance import HEAVIEST_MG
from services.chain_of_custody.schemas import ActSchema, DamagedSchema, QuantitySchema
from shared.http.lists import list_schema
from shared.http.schemas import Number, Schema, Text, Timestamp, Word

HEAVIEST_G = HEAVIEST_MG / 1000
#: The least mass that is kept; see `domain.check_mass_balance.STEP`.
LIGHTEST_MG = 1e-9
MOST_PARTS = 100


class DifferenceSchema(Schema):
    """Two readings of one balance on one day; what a register knows of the balance need not be told."""

    before_mg = Number(required=True, least=0, most=HEAVIEST_MG)
    after_mg = Number(required=True, least=0, most=HEAVIEST_MG)
    repeatability_mg = Number(
        least=0, most=1000, metadata={"description": "standard deviation of one reading (k = 1)"}
    )
    readability_mg = Number(least=0, most=1000, metadata={"description": "the step of the display"})


class _MeasuredSchema(Schema):
    """A net mass: told with its uncertainty, or as the difference of two readings."""

    net_mass_mg = Number(least=LIGHTEST_MG, most=HEAVIEST_MG)
    uncertainty_mg = Number(
        above=0,
        most=HEAVIEST_MG,
        metadata={
            "description": "expanded (k = 2); may be left out by difference and where the register knows the balance"
        },
    )
    by_difference = fields.Nested(DifferenceSchema)
    balance = Word()
    calibrated_on = fields.Date(
        metadata={"description": "when the balance was calibrated, where no register knows it"}
    )

    @validates_schema
    def check_measured(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuses two masses or none, and a mass of which nothing tells how uncertain it is."""
        _check_one(data, "net_mass_mg", "by_difference")
        if "by_difference" in data:
            if "uncertainty_mg" in data:
                raise ValidationError("By difference it follows from the readings.", "uncertainty_mg")
            if "balance" not in data:
                raise ValidationError("Name the balance of both readings.", "balance")
        _check_uncertainty(data)


class WeighingSchema(ActSchema):
    """What was found on the balance: one of net mass (told, or by difference), gross mass, weight of the sealed package."""

    net_mass_mg = Number(least=0, most=HEAVIEST_MG)
    by_difference = fields.Nested(DifferenceSchema)
    gross_mass_g = Number(above=0, most=HEAVIEST_G)
    package_mass_g = Number(above=0, most=HEAVIEST_G)
    uncertainty_mg = Number(
        above=0,
        most=HEAVIEST_MG,
        metadata={
            "description": "expanded (k = 2); may be left out by difference and where the register knows the balance"
        },
    )
    balance = Word(required=True)
    calibrated_on = fields.Date(
        metadata={"description": "when the balance was calibrated, where no register knows it"}
    )
    purpose = Text()

    @validates_schema
    def check_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuses two masses or none, and a mass of which nothing tells how uncertain it is."""
        _check_one(data, "net_mass_mg", "by_difference", "gross_mass_g", "package_mass_g")
        if "by_difference" in data and "uncertainty_mg" in data:
            raise ValidationError("By difference it follows from the readings.", "uncertainty_mg")
        _check_uncertainty(data)


class TakingSchema(ActSchema, _MeasuredSchema):
    """What was taken, as an aliquot or used up."""

    purpose = Text(required=True)


class LossSchema(ActSchema, _MeasuredSchema):
    """What was lost."""

    reason = Text(required=True)


class PortionSchema(_MeasuredSchema):
    """A portion of one item for a composite."""

    item_id = Word(required=True)


class NewCompositeSchema(ActSchema):
    """A composite of portions of several items."""

    parts = fields.List(
        fields.Nested(PortionSchema), required=True, validate=validate.Length(min=2, max=MOST_PARTS)
    )
    purpose = Text(required=True)


class PortionPreviewSchema(Schema):
    """What one item would give; `remains` is null and `problem` says why where there is not so much of it."""

    item_id = fields.String(required=True)
    number = fields.String(required=True)
    remaining = fields.Nested(QuantitySchema, required=True, allow_none=True)
    portion = fields.Nested(QuantitySchema, required=True)
    remains = fields.Nested(QuantitySchema, required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)


class CompositePreviewSchema(Schema):
    """What a composite would hold, and what it would leave."""

    parts = fields.List(fields.Nested(PortionPreviewSchema), required=True)
    total = fields.Nested(QuantitySchema, required=True)


class CalibrationSchema(Schema):
    """A calibration of a balance."""

    calibrated_on = fields.Date(required=True)
    next_due = fields.Date(required=True)
    certificate = Word(load_default=None, allow_none=True)


class MadeCalibrationSchema(CalibrationSchema):
    """A calibration as the register has it."""

    recorded_by = fields.String(required=True)
    recorded_at = Timestamp(required=True)


class NewBalanceSchema(CalibrationSchema):
    """A balance and its first calibration."""

    name = Word(required=True)
    serial_number = Word(required=True)
    readability_mg = Number(required=True, least=0, most=1000)
    repeatability_mg = Number(
        required=True,
        least=0,
        most=1000,
        metadata={"description": "standard deviation of one reading (k = 1)"},
    )


class BalanceSchema(Schema):
    """A balance; `calibrated_on` and `next_due` are those of its newest calibration."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    serial_number = fields.String(required=True)
    readability_mg = fields.Float(required=True)
    repeatability_mg = fields.Float(required=True)
    calibrated_on = fields.Date(required=True)
    next_due = fields.Date(required=True)
    in_calibration = fields.Boolean(required=True)
    calibrations = fields.List(fields.Nested(MadeCalibrationSchema), required=True)


BalanceList = list_schema(BalanceSchema)


class _FlowsSchema(Schema):
    """A balance: received = remaining + all that left + differences, exactly; uncertainties are expanded (k = 2)."""

    received = fields.Nested(QuantitySchema, required=True, allow_none=True)
    remaining = fields.Nested(QuantitySchema, required=True, allow_none=True)
    composites = fields.Nested(QuantitySchema, required=True)
    consumed = fields.Nested(QuantitySchema, required=True)
    lost = fields.Nested(QuantitySchema, required=True)
    differences = fields.Nested(QuantitySchema, required=True)
    unexplained = fields.Nested(QuantitySchema, required=True)
    tolerance_mg = fields.Float(required=True)
    closes = fields.Boolean(required=True)


class PortionOfSchema(QuantitySchema):
    """A portion that went from one item into another."""

    id = fields.String(required=True)
    number = fields.String(required=True)


class PortionIntoSchema(PortionOfSchema):
    """A portion of a composite, and what became of that: `share` (0 to 1) of it came from here, `left` is all of it."""

    share = fields.Float(required=True, allow_none=True)
    state = fields.String(required=True)
    left = fields.Nested(QuantitySchema, required=True, allow_none=True)


class WeightSchema(Schema):
    """The last weight of a kind, as long as nothing was taken and no seal changed since."""

    mass_g = fields.Float(required=True)
    uncertainty_mg = fields.Float(required=True)


class ItemBalanceSchema(_FlowsSchema):
    """The balance of one item of a lineage."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    depth = fields.Integer(required=True)
    state = fields.String(required=True)
    aliquots = fields.Nested(QuantitySchema, required=True)
    into_composites = fields.List(fields.Nested(PortionIntoSchema), required=True)
    gross = fields.Nested(WeightSchema, required=True, allow_none=True)
    package = fields.Nested(WeightSchema, required=True, allow_none=True)


class MassBalanceSchema(_FlowsSchema, DamagedSchema):
    """The balance of a lineage: the exhibit (or composite) at its root and all aliquots, parents before children."""

    item_id = fields.String(required=True)
    root_id = fields.String(required=True)
    root_number = fields.String(required=True)
    gross_mass_g = fields.Float(required=True, allow_none=True)
    returned = fields.Nested(QuantitySchema, required=True)
    disposed = fields.Nested(QuantitySchema, required=True)
    parts = fields.List(fields.Nested(PortionOfSchema), required=True)
    items = fields.List(fields.Nested(ItemBalanceSchema), required=True)


def _check_one(data: dict[str, Any], *names: str) -> None:
    told = [name for name in names if name in data]
    if len(told) != 1:
        which = ", ".join(names[:-1]) + f" or {names[-1]}"
        raise ValidationError(f"Tell exactly one of {which}.", told[1] if told else names[0])


def _check_uncertainty(data: dict[str, Any]) -> None:
    if not {"by_difference", "uncertainty_mg", "balance"} & data.keys():
        raise ValidationError("Missing data for required field.", "uncertainty_mg")
