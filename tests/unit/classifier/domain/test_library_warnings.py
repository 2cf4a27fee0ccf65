"""A clean library gives hardly any warning; a mislabelled authentic and a twin are told."""

from dataclasses import replace

from services.classifier.domain.library_warnings import library_warnings
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.synthetic.library import synthetic_library
from tests.unit.classifier.domain.builders import two_class_library, two_class_programme


def test_clean_libraries_give_few_warnings_and_no_twins() -> None:
    programme = two_class_programme()
    found = [
        warning
        for seed in range(20)
        for warning in library_warnings(programme, two_class_library((2.0, 9.0), 40, seed))
    ]
    assert len(found) <= 8, found
    assert sum(warning.kind == "duplicate" for warning in found) <= 1


def test_a_mislabelled_authentic_is_told_with_the_class_it_is_nearer_to() -> None:
    programme = two_class_programme()
    library = two_class_library((2.0, 12.0), 30, 1)
    wrong = replace(library[3], labels={"kind": "Q"})
    warnings = library_warnings(programme, [*library[:3], wrong, *library[4:]])
    assert (warnings[0].kind, warnings[0].id, warnings[0].other) == ("outlier", wrong.id, "P")


def test_a_twin_of_another_collection_is_told_and_one_of_the_same_is_not() -> None:
    programme = load_bundled("HSP")
    library = list(synthetic_library(programme, seed=11, per_class=20))
    one = library[7]
    values = {name: value * 1.001 for name, value in one.values.items()}
    twin = replace(one, id="twin", group="another", values=values)
    found = [w for w in library_warnings(programme, [*library, twin]) if w.kind == "duplicate"]
    assert {w.id for w in found} | {w.other for w in found} == {"twin", one.id}
    sibling = replace(twin, group=one.group)
    assert not [w for w in library_warnings(programme, [*library, sibling]) if w.kind == "duplicate"]


def test_a_library_that_is_too_small_or_empty_has_no_warnings() -> None:
    programme = two_class_programme()
    assert library_warnings(programme, []) == []
    assert library_warnings(programme, two_class_library((2.0, 9.0), 2, 1)) == []
