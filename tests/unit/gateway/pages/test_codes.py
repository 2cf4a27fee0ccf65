"""What scanners and keyboards send."""

import pytest

from gateway.pages.codes import find_place, words_of

PLACES = [
    {"id": "vault", "name": "Vault", "path": "Laboratory / Vault"},
    {"id": "a-1", "name": "Shelf 1", "path": "Laboratory / Vault / Cabinet A / Shelf 1"},
    {"id": "b-1", "name": "Shelf 1", "path": "Laboratory / Vault / Cabinet B / Shelf 1"},
]


@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        ("S26-000001", ["S26-000001"]),
        (" ]d1S26-000001\r\n", ["S26-000001"]),
        (
            "S26-000001\nS26-000002, S26-000003;S26-000004",
            ["S26-000001", "S26-000002", "S26-000003", "S26-000004"],
        ),
        ("]d1LOC:a-1", ["LOC:a-1"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_codes_in_a_field(scanned: str, words: list[str]) -> None:
    assert words_of(scanned) == words


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("LOC:a-1", "a-1"),
        ("loc:a-1", "a-1"),
        ("vault", "vault"),
        ("VAULT", "vault"),
        ("laboratory / vault / cabinet b / shelf 1", "b-1"),
        ("Shelf 1", None),
        ("S26-000001", None),
    ],
)
def test_places_by_code_id_and_name_where_it_is_one_place(code: str, place: str | None) -> None:
    found = find_place(code, PLACES)
    assert (found["id"] if found else None) == place
