"""What is said to change an answer does change it, and ranges lie where the library lies."""

from dataclasses import replace

import numpy as np

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.class_ranges import class_ranges
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import Model
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.programme import UNKNOWN
from services.classifier.domain.what_would_change import what_would_change

Trained = tuple[Model, tuple[Authentic, ...]]


def test_an_analyte_moved_as_told_gives_the_conclusion_that_is_told(heroin: Trained) -> None:
    model, library = heroin
    one = library[5]
    found = classify(model, one.values, one.censored)[0]
    changes = what_would_change(model, found, one.values, one.censored)
    moved = [change for change in changes if change.kind == "analyte" and change.value is not None]
    assert moved
    for change in moved:
        values = {**one.values, change.what: change.value or 0.0}
        again = classify(model, values, one.censored - {change.what})[0]
        assert again.conclusion == change.conclusion != found.conclusion


def test_a_module_left_out_gives_the_conclusion_that_is_told(heroin: Trained) -> None:
    model, library = heroin
    one = library[40]
    found = classify(model, one.values, one.censored)[0]
    changes = [c for c in what_would_change(model, found, one.values, one.censored) if c.kind == "module"]
    assert [c.what for c in changes] == [e.module for e in found.evidence]
    for change in changes:
        inside = {a.name for a in model.programme.analytes if a.module == change.what}
        left = {name: value for name, value in one.values.items() if name not in inside}
        assert classify(model, left, one.censored - inside)[0].conclusion == change.conclusion
        assert change.changes == (change.conclusion != found.conclusion)


def test_no_change_asks_for_less_than_nothing_of_a_ratio(heroin: Trained) -> None:
    model, library = heroin
    for one in library[::15]:
        found = classify(model, one.values, one.censored)[0]
        for change in what_would_change(model, found, one.values, one.censored):
            analyte = model.programme.analyte(change.what)
            if change.kind == "analyte" and analyte is not None and not analyte.is_isotope:
                assert change.value is None or change.value >= 0


def test_ranges_in_units_hold_the_middle_of_the_authentics_of_each_class(heroin: Trained) -> None:
    model, library = heroin
    own = model.determinations[0]
    analytes = [a for name in own.analytes if (a := model.programme.analyte(name)) is not None]
    raw = raw_matrix(analytes, [(library[0].values, library[0].censored)])[0]
    ranges = {each.analyte: each for each in class_ranges(own, raw)}
    for name in own.analytes[:6]:
        for label in own.classes:
            known = [a.values[name] for a in library if a.labels["origin"] == label and name in a.values]
            told = ranges[name].classes[label].in_unit
            assert told is not None
            assert np.isclose(told[1], np.median(known), rtol=0.1)
            assert told[0] <= told[1] <= told[2]


def test_a_higher_coverage_gives_the_conclusion_that_is_told(heroin: Trained) -> None:
    """Of what is like no class nothing is told: it stays Unknown at any coverage."""
    model, library = heroin
    told = 0
    for one in library[::4]:
        for values in (one.values, {name: 40 * value for name, value in one.values.items()}):
            found = classify(model, values, one.censored)[0]
            for change in what_would_change(model, found, values, one.censored):
                if change.kind != "coverage":
                    continue
                own = model.determinations[0]
                said = set()
                # The coverage is told to a tenth of a percent.
                for rest in (-5e-4, 0.0, 2e-4, 6e-4):
                    wider = replace(own.conformal, coverage=float(change.what) / 100 + rest)
                    other = replace(model, determinations=(replace(own, conformal=wider),))
                    said.add(classify(other, values, one.censored)[0].conclusion)
                assert found.conclusion not in (change.conclusion, UNKNOWN) and change.conclusion in said
                told += 1
    assert told
