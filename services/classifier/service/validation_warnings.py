"""What whoever activates a model should look at first: small classes, missed coverage, poor calibration, what was left out."""

from typing import Any

from services.classifier.domain.calibration import wilson
from services.classifier.service.report_words import percent

Data = dict[str, Any]
_SMALL = 10
_POOR_ECE = 0.1
_POOR_RECALL = 0.5
_FEW_GROUPS = 20


def validation_warnings(own: Data) -> list[str]:
    """Sentences about one determination's validation; empty where nothing stands out."""
    found = []
    coverage = own.get("coverage") or {}
    nominal = coverage.get("nominal")
    for name, row in own.get("per_class", {}).items():
        n = row["n"]
        if n < _SMALL:
            found.append(f"{name} has {n} authentics only: its figures say little.")
        measured = (coverage.get("per_class") or {}).get(name)
        if measured is not None and nominal is not None:
            high = wilson(round(measured * n), n)[1]
            if high < nominal:
                found.append(
                    f"{name}: sets held the truth for {percent(measured)}, beyond chance less than {percent(nominal)}."
                )
        if row["recall"] < _POOR_RECALL:
            found.append(f"{name}: only {percent(row['recall'])} of its authentics were recognised.")
    n = sum(row["n"] for row in own.get("per_class", {}).values())
    allowed = (own.get("novelty") or {}).get("nominal")
    if allowed is not None and n and wilson(round(own.get("false_unknown", 0.0) * n), n)[0] > allowed:
        found.append(
            f"{percent(own['false_unknown'])} of known classes were called Unknown; the programme sets {percent(allowed)}."
        )
    if own.get("ece", 0.0) > _POOR_ECE:
        found.append(f"The probabilities are poorly calibrated: expected calibration error {own['ece']:.2f}.")
    few = [name for name, n in (own.get("groups_per_class") or {}).items() if n < _FEW_GROUPS]
    if few:
        found.append(
            f"Fewer than {_FEW_GROUPS} seizures or collections stand behind {', '.join(few)}: on new ones the sets may hold the "
            "truth less often than is promised."
        )
    folds = own.get("chosen_in_folds") or {}
    if folds and own.get("chosen") not in folds:
        found.append(
            f"No outer fold chose {own['chosen']}, which was chosen on the whole library: accuracy, coverage and calibration "
            "are those of choosing by this procedure, not of that candidate."
        )
    if own.get("ungrouped_classes"):
        names = ", ".join(own["ungrouped_classes"])
        found.append(
            f"All authentics of a class come from one or two collections ({names}): they stood on both sides of the test, so its "
            "figures are too good."
        )
    if own.get("left_out_classes"):
        found.append(f"Not in the model, too few authentics: {', '.join(own['left_out_classes'])}.")
    if own.get("unused_analytes"):
        found.append(f"Not used, too seldom measured or all alike: {', '.join(own['unused_analytes'])}.")
    spare = own.get("authentics_without_enough_values", 0)
    if spare:
        found.append(f"{spare} authentics had too few values and were left out.")
    return found
