"""What a receipt finds that does not fit the manifest: pure rules, no state."""

from dataclasses import dataclass
from decimal import Decimal

#: A parcel's gross mass may differ from the office's by this much before somebody has to explain it: a field balance reads to
#: 0.01 g at best, packaging takes up moisture, and small parcels would drown in a purely relative rule.
TOLERANCE_G = Decimal("0.10")
TOLERANCE_SHARE = Decimal("0.02")

OUTCOMES = ("received", "missing", "damaged")
SEALS = ("intact", "broken", "absent")


@dataclass(frozen=True)
class Finding:
    """One discrepancy: its code (`weight`, `seal`, `missing`, `unexpected`, `damaged`) and a sentence with the figures."""

    code: str
    detail: str


def tolerance_g(declared_g: Decimal) -> Decimal:
    """The largest difference in grams that passes: 0.10 g or 2 % of the declared mass, whichever is more."""
    return max(TOLERANCE_G, TOLERANCE_SHARE * declared_g)


def compare(
    declared_g: Decimal, declared_seal: str, outcome: str, found_g: Decimal | None, seal_condition: str
) -> list[Finding]:
    """Every way in which a received line differs from what was announced; empty where all fits."""
    if outcome == "missing":
        return [Finding("missing", "The parcel was announced and did not come.")]
    findings = []
    if found_g is not None and abs(found_g - declared_g) > tolerance_g(declared_g):
        findings.append(
            Finding(
                "weight",
                f"{found_g:f} g at receipt, {declared_g:f} g announced; {tolerance_g(declared_g):f} g would pass.",
            )
        )
    if seal_condition != "intact":
        findings.append(Finding("seal", f"Seal {declared_seal} is {seal_condition}."))
    if outcome == "damaged":
        findings.append(Finding("damaged", "The parcel came damaged."))
    return findings


def submission_state(lines: set[int], settled: set[int], arrived: set[int]) -> str:
    """`dispatched` before the first receipt, `received` when every line is settled, else `partially_received`.

    `settled` are lines with any outcome, `arrived` those that came; a line that was missing and came later is in both.
    """
    if not settled and not arrived:
        return "dispatched"
    return "received" if lines <= settled | arrived else "partially_received"
