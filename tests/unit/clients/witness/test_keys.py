"""The witness's secret line."""

import pytest

from siglab_clients.tlog.errors import NoteError
from siglab_clients.witness.keys import new_signer, parse_signer
from tests.unit.clients.witness.logs import SIGNER


def test_a_secret_line_is_read_back() -> None:
    made = new_signer("office.example/w1")
    again = parse_signer(made.line() + "\n")
    assert (again.name, again.public) == (made.name, made.public)


BAD = {
    "a verifier key": (str(SIGNER.public), "form PRIVATE"),
    "nothing": ("", "form PRIVATE"),
    "other name": (SIGNER.line().replace("w1", "w2"), "id is not that"),
    "cut": (SIGNER.line()[:-5], "base64|not a key"),
    "other kind": (SIGNER.line().replace("+BC", "+AC"), "not a key for cosignatures"),
    "bad name": (SIGNER.line().replace("office.example", "office example"), "cannot be a key name"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_refused_without_telling_it(name: str) -> None:
    line, words = BAD[name]
    with pytest.raises(NoteError, match=words) as refused:
        parse_signer(line)
    assert SIGNER.line()[-20:] not in str(refused.value)
