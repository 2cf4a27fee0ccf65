"""Containers get the keys they need and no others."""

from pathlib import Path

import pytest

from deploy.containers.deal_keys import deal
from shared.config import SERVICES


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    deal(folder)
    return folder


def secrets_of(root: Path, container: str) -> set[str]:
    folder = root / container
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pub"
    }


def test_no_two_services_hold_the_same_secret(root: Path) -> None:
    holders = ("broker", "gateway", *SERVICES)
    for one in holders:
        for other in holders:
            assert one == other or not secrets_of(root, one) & secrets_of(root, other)


def test_only_custody_can_sign_the_ledger_and_only_the_classifier_models(root: Path) -> None:
    assert "ledger.key" in secrets_of(root, "chain_of_custody")
    assert "models.key" in secrets_of(root, "classifier")
    assert secrets_of(root, "intake") == {
        "bus/service-intake.key",
        "assertions/service-intake.key",
        "database-intake.secret",
    }
    assert secrets_of(root, "broker") == {"bus/broker.key"}


def test_everybody_can_check_everybodys_assertions(root: Path) -> None:
    known = {path.name for path in (root / "all" / "assertions").glob("*.pub")}
    for container in ("gateway", *SERVICES):
        assert {path.name for path in (root / container / "assertions").glob("*.pub")} == known


def test_dealing_again_changes_nothing(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    deal(root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
