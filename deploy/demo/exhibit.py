"""The demo's exhibit: one synthetic heroin sample as a raw GC-MS run and the values that other techniques would give."""

from dataclasses import dataclass
from typing import Any

from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.synthetic.run import synthetic_run


@dataclass(frozen=True)
class DemoExhibit:
    """What the demo's instrument and technician know; `values` as POST /measurements takes them."""

    raw_run: bytes
    values: list[dict[str, Any]]


def make_demo_exhibit(seed: int) -> DemoExhibit:
    """A sample like one of the synthetic library's, made from its own seed; the run is a real ANDI-MS file."""
    programme = load_bundled("HSP")
    sample = synthetic_library(programme, seed, per_class=1)[0]
    from_run = {
        analyte.name
        for module, _ in programme.methods()
        for analyte in programme.analytes
        if analyte.module == module.name
    }
    rest = [
        analyte
        for analyte in programme.analytes
        if analyte.name not in from_run and analyte.name in sample.values
    ]
    values = [{"analyte": a.name, "value": sample.values[a.name], "unit": a.unit} for a in rest]
    return DemoExhibit(synthetic_run(programme, sample.values, seed), values)
