"""Which accounts can be, and how unknown names are written down."""

import pytest

from gateway.accounts.naming import check_account, is_login, subject_of
from shared.errors import Invalid


@pytest.mark.parametrize(
    "login", ["", "Clara", "1st", "a b", "service-intake", "a\n", "x" * 41, "gateway", "siglab", "ä"]
)
def test_a_login_that_cannot_be_is_refused(login: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_account(login, "Clara", "custodian", None)
    assert [error["pointer"] for error in refused.value.errors] == ["/login"]


@pytest.mark.parametrize("role", ["service", "anyone", "king", ""])
def test_roles_that_no_account_may_hold(role: str) -> None:
    with pytest.raises(Invalid, match="role"):
        check_account("clara", "Clara", role, None)


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check_account("X", " ", "custodian", "BOG")
    assert [error["pointer"] for error in refused.value.errors] == ["/login", "/name", "/office"]


def test_an_office_account_belongs_to_an_office() -> None:
    check_account("bogota", "Lucía", "office", "BOG")
    with pytest.raises(Invalid, match="office"):
        check_account("bogota", "Lucía", "office", None)


def test_what_somebody_typed_as_a_name_is_not_written_down() -> None:
    assert subject_of("clara", known=True) == "clara"
    secret = "correct horse battery \ud800"
    assert not is_login(secret)
    assert secret[:7] not in subject_of(secret, known=False)
    assert subject_of(secret, known=False) == subject_of(secret, known=False)
