"""docker-compose.yml runs what the launcher runs, each process with its own keys and no more reach than it needs."""

from typing import Any

import pytest
import yaml

from deploy.containers.deal_keys import ALL
from deploy.local.layout import PROJECT
from deploy.local.programs import own_system

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: Program of the launcher -> service of the file, where the names differ.
RENAMED = {"chain_of_custody": "custody"}


@pytest.mark.parametrize("program", own_system().programs, ids=lambda program: program.name)
def test_every_program_of_one_machine_runs_in_a_container(program: Any) -> None:
    service = SERVICES[RENAMED.get(program.name, program.name)]
    if program.name != "gateway":
        assert service["command"][1:] == program.argv[1:], "the gateway's command is the image's own"
    assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("ports" in service) == (name == "gateway")
    keys = [volume for volume in service["volumes"] if volume.startswith("keys-")]
    if name != "keys":
        assert len(keys) == 1
        assert keys[0].endswith(":/keys:ro")
        assert (f"keys-{ALL}" in keys[0]) == (name == "migrate")


def test_only_the_gateway_is_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "edge" in service.get("networks", [])} == {
        "gateway"
    }
    assert all(COMPOSE["networks"][name]["internal"] for name in ("bus", "data"))


def test_every_base_image_is_a_variable() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for name in ("PYTHON_BASE_IMAGE", "POSTGRES_IMAGE", "OBJECT_STORE_IMAGE"):
        assert f"${{{name}:-" in text
