"""A programme as data: what is measured, which classes there are, and how a decision is taken.

A new class, analyte or version is a change of data, never of code. `services.classifier.domain.check_programme` turns posted data
into these classes and names everything that is wrong with it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ISOTOPE_UNITS = ("per mil", "\N{PER MILLE SIGN}")
#: No instrument tells more of anything; whole numbers beyond it have no exact form in a record (RFC 8785).
LARGEST = 1e15
UNKNOWN = "Unknown"
NOT_EVALUATED = "Not evaluated"
#: Least cosine to a reference spectrum where a method names none.
LEAST_MATCH = 0.85
PRETREATMENT_STEPS = (
    "closure", "log", "log_ratio", "square_root", "fourth_root", "autoscale", "robust_scale", "centre", "divide_by_sd",
)  # fmt: skip
CONTROL_Z, WESTGARD = "control_z", "westgard_violations"
QC_RULES = (
    "blank_ratio",
    CONTROL_Z,
    "replicate_rsd_percent",
    "retention_drift_percent",
    "saturated_scans",
    "internal_standard_area",
    WESTGARD,
)


class InvalidProgramme(ValueError):
    """Posted data is no programme; `errors` holds every (JSON pointer, message)."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in errors))
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class Ion:
    """A qualifier ion: its m/z and its expected intensity as a fraction of the quantifier's."""

    mz: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Target:
    """A compound that a chromatographic method looks for.

    `relative_retention` is the time divided by that of the internal standard; `retention_index`, where given, counts instead.
    `response` is the area per amount relative to the main compound. `analyte` is None for internal standard, anchors and main
    compound. `spectrum` holds (m/z, intensity) of a reference spectrum, empty where the qualifiers alone decide.
    """

    name: str
    analyte: str | None
    relative_retention: float
    quantifier: float
    qualifiers: tuple[Ion, ...]
    response: float = 1.0
    retention_index: float | None = None
    spectrum: tuple[tuple[float, float], ...] = ()

    @property
    def masses(self) -> tuple[float, ...]:
        """Every m/z that the search for this compound looks at, the quantifier first, each once."""
        ions = (self.quantifier, *(ion.mz for ion in self.qualifiers), *(mass for mass, _ in self.spectrum))
        return tuple(dict.fromkeys(ions))


@dataclass(frozen=True, slots=True)
class ControlTarget:
    """What the control material should give for an analyte, and the standard deviation that its chart is drawn with."""

    analyte: str
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Method:
    """How peaks of one module's runs become ratios to the main compound.

    `anchors` are further compounds by which a run is aligned: a ladder of n-alkanes, or more internal standards. `least_match` is
    the least cosine to a target's reference spectrum. `controls` say what the control material should give.
    """

    internal_standard: Target
    retention_s: float
    main: Target
    targets: tuple[Target, ...]
    window_percent: float = 1.5
    qualifier_tolerance_percent: float = 25.0
    internal_standard_area: float = 0.0
    saturation: float | None = None
    provenance: str = ""
    anchors: tuple[Target, ...] = ()
    least_match: float = LEAST_MATCH
    controls: tuple[ControlTarget, ...] = ()

    @property
    def compounds(self) -> tuple[Target, ...]:
        """Internal standard, anchors, main compound and targets, in this order."""
        return (self.internal_standard, *self.anchors, self.main, *self.targets)

    @property
    def by_index(self) -> bool:
        """Whether places of compounds are retention indices."""
        return any(target.retention_index is not None for target in (self.main, *self.targets))

    def place(self, target: Target) -> float:
        """Where the method has a compound: its retention index, or its time in seconds."""
        if self.by_index and target.retention_index is not None:
            return target.retention_index
        return target.relative_retention * self.retention_s


@dataclass(frozen=True, slots=True)
class Module:
    """A group of analytes measured by one technique; a required one must be there before anything is concluded."""

    name: str
    technique: str
    required: bool = True
    title: str = ""
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured quantity; `loq` and the uncertainties (k=2) are in `unit` or in percent of the value."""

    name: str
    unit: str
    module: str
    loq: float | None = None
    uncertainty_percent: float | None = None
    uncertainty: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_isotope(self) -> bool:
        """Whether the value is a delta: it may be negative and is never a ratio to log."""
        return self.unit in ISOTOPE_UNITS

    def declared_uncertainty(self, value: float) -> float | None:
        """The expanded uncertainty (k=2) that the programme declares for such a value; None where it declares none."""
        return math.hypot(value * (self.uncertainty_percent or 0.0) / 100, self.uncertainty or 0.0) or None


@dataclass(frozen=True, slots=True)
class ClassNode:
    """One class of a determination's tree; leaves are what a model tells apart."""

    name: str
    parent: str | None
    depth: int
    is_leaf: bool


@dataclass(frozen=True, slots=True)
class Determination:
    """One question with its tree of answers; `modules` are those that bear on it (all where the programme names none)."""

    name: str
    nodes: tuple[ClassNode, ...]
    modules: tuple[str, ...]
    title: str = ""

    @property
    def leaves(self) -> tuple[str, ...]:
        """Names of the deepest classes, in the order of the programme."""
        return tuple(node.name for node in self.nodes if node.is_leaf)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every name that an authentic may carry: leaves and the classes above them."""
        return tuple(node.name for node in self.nodes)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The classes above `name`, nearest first; empty at the top or for an unknown name."""
        parents = {node.name: node.parent for node in self.nodes}
        found: list[str] = []
        above = parents.get(name)
        while above is not None:
            found.append(above)
            above = parents.get(above)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Decision:
    """Limits of the decision: coverage of prediction sets, error rate of the novelty test, least share of values measured."""

    coverage: float = 0.9
    novelty_alpha: float = 0.05
    minimum_measured: float = 0.5


@dataclass(frozen=True, slots=True)
class LinkRule:
    """How profiles are compared for links; `steps` None means as the models' pre-treatment."""

    measure: str = "cosine"
    steps: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QcRule:
    """A quality rule: what is looked at, and the greatest (for an area: the least) value that passes."""

    rule: str
    limit: float
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme, complete and valid; `data` is what was posted, kept for answers and digests."""

    id: str
    version: str
    title: str
    modules: tuple[Module, ...]
    analytes: tuple[Analyte, ...]
    determinations: tuple[Determination, ...]
    pretreatment: tuple[str, ...] | None
    decision: Decision = Decision()
    qc: tuple[QcRule, ...] = ()
    links: LinkRule = LinkRule()
    main_analyte: str | None = None
    purity: str | None = None
    date: str | None = None
    provenance: str = ""
    references: tuple[str, ...] = ()
    description: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def analyte(self, name: str) -> Analyte | None:
        """The analyte of that name, or None."""
        return next((analyte for analyte in self.analytes if analyte.name == name), None)

    def module(self, name: str) -> Module | None:
        """The module of that name, or None."""
        return next((module for module in self.modules if module.name == name), None)

    def determination(self, name: str) -> Determination | None:
        """The determination of that name, or None."""
        return next((found for found in self.determinations if found.name == name), None)

    def analytes_of(self, determination: Determination) -> tuple[Analyte, ...]:
        """The analytes whose modules bear on a determination, in the order of the programme."""
        return tuple(analyte for analyte in self.analytes if analyte.module in determination.modules)

    def methods(self) -> Iterator[tuple[Module, Method]]:
        """The modules that can be read from a chromatographic run, with their methods."""
        for module in self.modules:
            if module.method is not None:
                yield module, module.method
