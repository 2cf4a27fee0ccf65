"""Which acts a page offers to whom."""

import re

import pytest

from gateway.pages import ROOT
from gateway.pages.acts import ACTS, Standing
from shared.actor import Role


def possible(role: Role, **over: object) -> set[str]:
    facts: dict[str, object] = {
        "is_mine": True, "in_place": False, "ended": False, "blocked": False, "holds": [], "disposal": None,
    }  # fmt: skip
    return set(Standing(role=role, **{**facts, **over}).possible())  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.OFFICE, Role.AUDITOR, Role.ADMIN, Role.ANALYST])
def test_who_has_no_authority_over_evidence_is_offered_nothing(role: Role) -> None:
    assert possible(role) == set()


def test_the_holder_works_and_others_do_not() -> None:
    assert {"handover", "move", "weigh", "aliquot", "consume", "lose", "seal"} <= possible(Role.TECHNICIAN)
    assert possible(Role.TECHNICIAN, is_mine=False) == set()
    assert "weigh" not in possible(Role.REVIEWER) and "handover" in possible(Role.REVIEWER)


def test_only_a_custodian_takes_out() -> None:
    away = {"is_mine": False, "in_place": True}
    assert "retrieve" in possible(Role.CUSTODIAN, **away)
    assert "retrieve" not in possible(Role.TECHNICIAN, **away) | possible(Role.REVIEWER, **away)


def test_a_hold_and_a_discrepancy_stop_what_they_stop() -> None:
    assert not {"aliquot", "consume", "dispose"} & possible(Role.CUSTODIAN, holds=[{"id": "h"}])
    assert "release" in possible(Role.REVIEWER, holds=[{"id": "h"}])
    blocked = possible(Role.CUSTODIAN, blocked=True)
    assert "move" in blocked and not {"handover", "weigh", "dispose"} & blocked


def test_a_loss_is_told_while_a_reviewer_is_waited_for() -> None:
    blocked = possible(Role.TECHNICIAN, blocked=True)
    assert "lose" in blocked and not {"weigh", "weigh_gross", "aliquot", "consume"} & blocked


@pytest.mark.rule("E16")
def test_what_is_to_be_destroyed_is_not_worked_on() -> None:
    asked, agreed = {"id": "d", "state": "requested"}, {"id": "d", "state": "authorised"}
    changing = {"weigh", "aliquot", "consume", "lose", "seal"}
    assert changing <= possible(Role.CUSTODIAN, disposal=asked)
    condemned = possible(Role.CUSTODIAN, disposal=agreed)
    assert not changing & condemned
    assert {"weigh_package", "weigh_gross", "move", "withdraw", "execute"} <= condemned


@pytest.mark.rule("E17")
def test_asked_by_a_custodian_authorised_by_a_reviewer_executed_by_the_holder() -> None:
    asked, agreed = {"id": "d", "state": "requested"}, {"id": "d", "state": "authorised"}
    assert "dispose" in possible(Role.CUSTODIAN) and "dispose" not in possible(Role.REVIEWER)
    assert "authorise" in possible(Role.REVIEWER, disposal=asked)
    assert not {"authorise", "execute"} & possible(Role.CUSTODIAN, disposal=asked)
    assert "execute" in possible(Role.CUSTODIAN, disposal=agreed)
    assert "execute" not in possible(Role.CUSTODIAN, disposal=agreed, is_mine=False)


def test_nothing_is_offered_after_the_end() -> None:
    assert possible(Role.CUSTODIAN, ended=True) == set()


def test_every_act_has_its_form() -> None:
    forms = (ROOT / "templates" / "macros" / "acts.html").read_text()
    page = (ROOT / "templates" / "pages" / "item.html").read_text()
    without = {name for name in ACTS if f'"{name}"' not in forms and not re.search(rf"/{name}/", page)}
    assert not without, f"templates/macros/acts.html has no form for {without}"
