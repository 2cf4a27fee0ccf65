from typing import Any

import pytest

from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.load_programme import BUNDLED, load_bundled, parse_programme_text
from services.classifier.domain.programme import InvalidProgramme
from tests.unit.classifier.domain.builders import programme_data


def errors_of(data: object) -> dict[str, str]:
    with pytest.raises(InvalidProgramme) as caught:
        programme_from_data(data)
    return dict(caught.value.errors)


def test_the_smallest_form_is_read() -> None:
    programme = programme_from_data(programme_data())
    assert programme.determinations[0].leaves == ("Barolo", "Grignolino", "Barbera")
    assert programme.determinations[0].modules == ("composition",)
    assert programme.pretreatment is None
    assert programme.analytes[1].loq == 0.1
    assert programme.data == programme_data()


def test_a_tree_has_leaves_and_classes_above_them() -> None:
    tree = {"Colombia": ["Guaviare", "Putumayo-Caqueta"], "Peru": ["Apurimac"], "Bolivia": None}
    found = programme_from_data(programme_data(determinations=[{"name": "origin", "classes": tree}]))
    origin = found.determinations[0]
    assert origin.leaves == ("Guaviare", "Putumayo-Caqueta", "Apurimac", "Bolivia")
    assert set(origin.labels) == {*origin.leaves, "Colombia", "Peru"}
    assert origin.ancestors("Guaviare") == ("Colombia",)
    assert origin.ancestors("Bolivia") == ()


def test_every_wrong_field_is_named_at_once() -> None:
    data = programme_data(
        id="wine",
        version=1,
        title=None,
        modules=[{"name": "a", "technique": "x"}, {"name": "a", "technique": "x", "colour": "red"}],
        analytes=[{"name": "alcohol", "unit": "%", "module": "b", "loq": -1}],
        determinations=[{"name": "origin", "classes": ["One", "Unknown", "One"]}],
        pretreatment=["log", "magic"],
        decision={"coverage": 2},
        qc=[{"rule": "weather", "limit": 1}],
        extra=1,
    )
    assert set(errors_of(data)) == {
        "/id",
        "/version",
        "/title",
        "/modules/1/name",
        "/modules/1/colour",
        "/analytes/0/module",
        "/analytes/0/loq",
        "/determinations/0/classes",
        "/pretreatment/1",
        "/decision/coverage",
        "/qc/0/rule",
        "/extra",
    }


@pytest.mark.parametrize("data", [None, 3, "text", [], {}, {"id": ["x"]}, {"analytes": [[]], "modules": {}}])
def test_what_is_no_programme_is_refused(data: object) -> None:
    assert errors_of(data)


@pytest.mark.parametrize(
    "classes",
    [
        None,
        [],
        ["one"],
        {"A": ["a"]},
        "A",
        [["a"]],
        ["a", 3],
        {"A": {"B": {"C": {"D": ["e", "f"]}}}},
        ["a", "\x00"],
    ],
)
def test_a_tree_that_cannot_be_decided_is_refused(classes: Any) -> None:
    data = programme_data(determinations=[{"name": "origin", "classes": classes}])
    assert any(pointer.startswith("/determinations/0/classes") for pointer in errors_of(data))


@pytest.mark.parametrize("name", BUNDLED)
def test_the_programmes_of_the_project_are_valid(name: str) -> None:
    programme = load_bundled(name)
    assert programme.id == name
    assert programme.main_analyte
    for module, method in programme.methods():
        assert {target.analyte for target in method.targets} == {
            analyte.name for analyte in programme.analytes if analyte.module == module.name
        }
        assert "SYNTHETIC" in method.provenance


def test_methamphetamine_has_four_determinations() -> None:
    assert [each.name for each in load_bundled("MPP").determinations] == [
        "route",
        "precursor",
        "precursor_origin",
        "enantiomers",
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"a: &x [1]\nb: *x",
        b"a: 1\na: 2",
        b"!!python/object/apply:os.system [ls]",
        b"\xff\xfe",
        b"a: [",
        b"[" * 5000,
        b"1: 2",
        b"x" * 1_000_001,
    ],
)
def test_text_that_is_no_plain_data_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidProgramme):
        parse_programme_text(text)


def test_json_and_yaml_give_the_same_data() -> None:
    assert parse_programme_text(b'{"date": "2026-11-24", "a": [1]}') == parse_programme_text(
        b"date: 2026-11-24\na: [1]"
    )
