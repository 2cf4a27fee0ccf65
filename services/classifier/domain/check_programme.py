"""Turn posted data into a Programme, naming every wrong field at once."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.classifier.domain.check_fields import Fields
from services.classifier.domain.check_method import method_from_data
from services.classifier.domain.links.measures import MEASURES as LINK_MEASURES
from services.classifier.domain.programme import (
    NOT_EVALUATED,
    PRETREATMENT_STEPS,
    QC_RULES,
    UNKNOWN,
    Analyte,
    ClassNode,
    Decision,
    Determination,
    InvalidProgramme,
    LinkRule,
    Module,
    Programme,
    QcRule,
)

MAX_MODULES = 50
MAX_ANALYTES = 1000
MAX_DETERMINATIONS = 20
MAX_CLASSES = 200
MAX_DEPTH = 4
_ID = re.compile(r"[A-Z][A-Z0-9_]{1,15}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def programme_from_data(data: object) -> Programme:
    """Read a programme from parsed JSON or YAML.

    Raises InvalidProgramme with every (JSON pointer, message) where something is wrong.
    """
    errors: list[tuple[str, str]] = []
    top = Fields(data, "", errors)
    programme_id = top.text("id", limit=16)
    if programme_id and not _ID.fullmatch(programme_id):
        errors.append(("/id", "two to sixteen of A-Z, 0-9 and _, beginning with a letter"))
    version, title = top.text("version", limit=40), top.text("title", limit=200)
    modules = _modules(top, errors)
    known = [module.name for module in modules]
    analytes = _analytes(top, known, errors)
    determinations = _determinations(top, known, errors)
    pretreatment = _pretreatment(top, "pretreatment", "auto", errors)
    decision = _decision(top, errors)
    qc = _qc(top, known, errors)
    links = _links(top, errors)
    main_analyte = top.text("main_analyte", limit=120, required=False) or None
    purity = _purity(top, analytes, errors)
    date = top.text("date", limit=10, required=False) or None
    if date and not _DATE.fullmatch(date):
        errors.append(("/date", "a date as YYYY-MM-DD"))
    provenance = top.text("provenance", limit=200, required=False)
    description = top.text("description", limit=4000, required=False)
    references = top.texts("references", limit=500)
    top.nothing_else()
    _methods_name_known_analytes(modules, analytes, errors)
    if errors:
        raise InvalidProgramme(errors)
    assert isinstance(data, Mapping)
    return Programme(
        id=programme_id,
        version=version,
        title=title,
        modules=tuple(modules),
        analytes=tuple(analytes),
        determinations=tuple(determinations),
        pretreatment=pretreatment,
        decision=decision,
        qc=tuple(qc),
        links=links,
        main_analyte=main_analyte,
        purity=purity,
        date=date,
        provenance=provenance,
        references=references,
        description=description,
        data=copy.deepcopy(dict(data)),
    )


def _unique(names: Sequence[str], pointer: str, errors: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name and name in seen:
            errors.append((f"{pointer}/{index}/name", f"{name!r} is there twice"))
        seen.add(name)


def _modules(top: Fields, errors: list[tuple[str, str]]) -> list[Module]:
    found: list[Module] = []
    for fields in top.objects("modules", limit=MAX_MODULES):
        name, technique = fields.text("name", limit=80), fields.text("technique", limit=120)
        required, title = fields.flag("required", True), fields.text("title", limit=200, required=False)
        method = method_from_data(fields.child("method"), errors) if fields.has("method") else None
        fields.nothing_else()
        found.append(Module(name, technique, required, title, method))
    _unique([module.name for module in found], "/modules", errors)
    return found


def _analytes(top: Fields, modules: Sequence[str], errors: list[tuple[str, str]]) -> list[Analyte]:
    found: list[Analyte] = []
    for fields in top.objects("analytes", limit=MAX_ANALYTES):
        name, unit = fields.text("name", limit=120), fields.text("unit", limit=40)
        module = fields.text("module", limit=80)
        if module and module not in modules:
            errors.append((f"{fields.pointer}/module", f"no module is called {module!r}"))
        loq = fields.number("loq", above=0.0)
        percent = fields.number("uncertainty_percent", above=0.0)
        absolute = fields.number("uncertainty", above=0.0)
        low, high = fields.number("minimum"), fields.number("maximum")
        if low is not None and high is not None and low >= high:
            errors.append((f"{fields.pointer}/maximum", "must be above the minimum"))
        fields.nothing_else()
        found.append(Analyte(name, unit, module, loq, percent, absolute, low, high))
    _unique([analyte.name for analyte in found], "/analytes", errors)
    return found


def _determinations(
    top: Fields, modules: Sequence[str], errors: list[tuple[str, str]]
) -> list[Determination]:
    found: list[Determination] = []
    for fields in top.objects("determinations", limit=MAX_DETERMINATIONS):
        name, title = fields.text("name", limit=80), fields.text("title", limit=200, required=False)
        nodes: list[ClassNode] = []
        _walk(fields.raw("classes"), None, 0, f"{fields.pointer}/classes", nodes, errors)
        if nodes and sum(node.is_leaf for node in nodes) < 2:
            errors.append((f"{fields.pointer}/classes", "at least two classes to tell apart"))
        if len(nodes) > MAX_CLASSES:
            errors.append((f"{fields.pointer}/classes", f"at most {MAX_CLASSES} classes"))
        _refuse_class_names(nodes, f"{fields.pointer}/classes", errors)
        named = fields.texts("modules", limit=80)
        for index, module in enumerate(named):
            if module not in modules:
                errors.append((f"{fields.pointer}/modules/{index}", f"no module is called {module!r}"))
        fields.nothing_else()
        found.append(Determination(name, tuple(nodes), named or tuple(modules), title))
    _unique([each.name for each in found], "/determinations", errors)
    return found


def _walk(
    tree: object,
    parent: str | None,
    depth: int,
    pointer: str,
    nodes: list[ClassNode],
    errors: list[tuple[str, str]],
) -> None:
    """Collect the classes of a tree: a list holds leaves, a mapping holds classes with what is below them."""
    if depth >= MAX_DEPTH:
        errors.append((pointer, f"a class tree has at most {MAX_DEPTH} levels"))
    elif isinstance(tree, list) and tree:
        for index, name in enumerate(tree):
            if isinstance(name, str):
                nodes.append(ClassNode(name, parent, depth, True))
            else:
                errors.append((f"{pointer}/{index}", "the name of a class, as text"))
    elif isinstance(tree, Mapping) and tree:
        for name, below in tree.items():
            if not isinstance(name, str):
                errors.append((pointer, f"the name of a class must be text, not {name!r}"))
                continue
            nodes.append(ClassNode(name, parent, depth, not below))
            if below:
                step = name.replace("~", "~0").replace("/", "~1")
                _walk(below, name, depth + 1, f"{pointer}/{step}", nodes, errors)
    else:
        errors.append((pointer, "a list of class names, or a mapping from class to the classes below it"))


def _refuse_class_names(nodes: Sequence[ClassNode], pointer: str, errors: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for node in nodes:
        name = node.name
        if not name.strip() or name != name.strip() or len(name) > 120 or not name.isprintable():
            errors.append((pointer, f"{name[:40]!r} is no class name: 1 to 120 printable characters"))
        elif name in (UNKNOWN, NOT_EVALUATED) or name.startswith("Inconclusive"):
            errors.append((pointer, f"{name!r} is an answer of the system and cannot be a class"))
        elif name in seen:
            errors.append((pointer, f"the class {name!r} is there twice"))
        seen.add(name)


def _pretreatment(
    fields: Fields, name: str, unsaid: str, errors: list[tuple[str, str]]
) -> tuple[str, ...] | None:
    """The steps that a field lists; None for the word that stands for "not said"."""
    raw = fields.raw(name, unsaid)
    pointer = f"{fields.pointer}/{name}"
    if raw == unsaid:
        return None
    if not isinstance(raw, list) or not raw or len(raw) > 10:
        errors.append((pointer, f'the word "{unsaid}" or a list of steps'))
        return None
    for index, step in enumerate(raw):
        if step not in PRETREATMENT_STEPS:
            errors.append((f"{pointer}/{index}", f"one of {', '.join(PRETREATMENT_STEPS)}"))
    return tuple(str(step) for step in raw)


def _links(top: Fields, errors: list[tuple[str, str]]) -> LinkRule:
    if not top.has("links"):
        return LinkRule()
    fields = top.child("links")
    measure = fields.text("measure", limit=20, required=False) or LinkRule().measure
    if measure not in LINK_MEASURES:
        errors.append((f"{fields.pointer}/measure", f"one of {', '.join(LINK_MEASURES)}"))
    steps = _pretreatment(fields, "pretreatment", "as the models", errors)
    fields.nothing_else()
    return LinkRule(measure, steps)


def _decision(top: Fields, errors: list[tuple[str, str]]) -> Decision:
    if not top.has("decision"):
        return Decision()
    fields, usual = top.child("decision"), Decision()
    found = Decision(
        coverage=fields.between("coverage", 0.8, 0.99, usual.coverage),
        novelty_alpha=fields.between("novelty_alpha", 0.001, 0.1, usual.novelty_alpha),
        minimum_measured=fields.between("minimum_measured", 0.0, 1.0, usual.minimum_measured),
    )
    fields.nothing_else()
    return found


def _qc(top: Fields, modules: Sequence[str], errors: list[tuple[str, str]]) -> list[QcRule]:
    found: list[QcRule] = []
    for fields in top.objects("qc", limit=100, required=False):
        rule, limit = fields.text("rule", limit=60), fields.number("limit", above=0.0, required=True)
        if rule and rule not in QC_RULES:
            errors.append((f"{fields.pointer}/rule", f"one of {', '.join(QC_RULES)}"))
        module = fields.text("module", limit=80, required=False) or None
        if module and module not in modules:
            errors.append((f"{fields.pointer}/module", f"no module is called {module!r}"))
        fields.nothing_else()
        found.append(QcRule(rule, limit or 0.0, module))
    return found


def _purity(top: Fields, analytes: Sequence[Analyte], errors: list[tuple[str, str]]) -> str | None:
    """The analyte that statistics tell as purity: one of the programme's, in percent."""
    name = top.text("purity", limit=120, required=False) or None
    if name is None:
        return None
    unit = next((analyte.unit for analyte in analytes if analyte.name == name), None)
    if unit is None:
        errors.append(("/purity", f"no analyte is called {name!r}"))
    elif unit.split()[:1] != ["%"]:
        errors.append(("/purity", f"the unit of {name!r} is {unit!r}; a purity is in %"))
    return name


def _methods_name_known_analytes(
    modules: Sequence[Module], analytes: Sequence[Analyte], errors: list[tuple[str, str]]
) -> None:
    places: dict[str, Any] = {analyte.name: analyte.module for analyte in analytes}
    for index, module in enumerate(modules):
        for place, target in enumerate(module.method.targets if module.method else ()):
            if places.get(target.analyte or "") != module.name:
                pointer = f"/modules/{index}/method/targets/{place}/analyte"
                errors.append((pointer, f"{target.analyte!r} is no analyte of this module"))
