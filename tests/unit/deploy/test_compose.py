"""docker-compose.yml runs what the launcher runs, each process with its own keys and no more reach than it needs."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from deploy.containers.deal_keys import ALL
from deploy.local.layout import PROJECT
from deploy.local.programs import own_system
from shared import config

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: Program of the launcher -> service of the file, where the names differ.
RENAMED = {"chain_of_custody": "custody"}
#: Settings that a container has no use for, and why.
NOT_IN_CONTAINERS = {
    "SIGLAB_DATA_DIR": "the image's own",
    "SIGLAB_DEMO": "demo data is for one machine",
    "SIGLAB_MIRROR_DIR": "a container has no disk of its own; a second S3 serves",
}
#: What only gunicorn reads.
OF_THE_DOOR = {"SIGLAB_HTTP_HOST", "SIGLAB_HTTP_WORKERS", "SIGLAB_HTTP_THREADS"}
CUSTODY = ("custody", "custody-worker")


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
    assert {name for name, service in SERVICES.items() if "outward" in service.get("networks", [])} == set(
        CUSTODY
    )


def variables(name: str) -> set[str]:
    """The variables that a container is given, a file that holds a value counted as the value."""
    given = SERVICES[name].get("environment", {})
    return {variable.removesuffix("_FILE") for variable in given if variable.startswith("SIGLAB_")}


def known(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The variables that the configuration asks for when it is read."""
    asked: set[str] = set()
    real = config._Env._get_value

    def noted(env: Any, key: str, default: Any) -> Any:
        asked.add(key)
        return real(env, key, default)

    monkeypatch.setattr(config._Env, "_get_value", noted)
    config.load_settings({})
    return asked


def test_containers_are_given_every_setting_there_is_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that somebody adds and forgets here would silently keep its default in containers."""
    settings = known(monkeypatch)
    assert len(settings) > 20 and settings.issuperset(NOT_IN_CONTAINERS)
    asked = settings - set(NOT_IN_CONTAINERS)
    everywhere = set.union(*(variables(name) for name in SERVICES))
    assert asked - everywhere == set()
    assert everywhere - settings == OF_THE_DOOR | {"SIGLAB_LEDGER_ORIGIN"}
    for name in CUSTODY:
        assert asked - variables(name) == {"SIGLAB_HTTP_PORT", "SIGLAB_DASK_SCHEDULER"}
    for name in SERVICES:
        given = SERVICES[name].get("environment", {})
        assert not {variable for variable in given if variable in NOT_IN_CONTAINERS}


def test_gateway_and_custody_hand_over_uploads_in_one_memory() -> None:
    for name in ("gateway", *CUSTODY):
        folder = SERVICES[name]["environment"]["SIGLAB_BULK_DIR"]
        assert f"bulk:{folder}" in SERVICES[name]["volumes"]
    options = COMPOSE["volumes"]["bulk"]["driver_opts"]
    uid = SERVICES["gateway"]["user"].partition(":")[0]
    assert options["type"] == "tmpfs" and f"uid={uid}," in options["o"] and "mode=0700" in options["o"]


def test_what_an_operator_may_set_has_the_name_and_the_default_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each `${NAME:-default}` gives a variable its own name's value, and with nothing set the settings' own default."""
    for name in CUSTODY:
        defaults = {}
        for variable, value in SERVICES[name]["environment"].items():
            match = re.fullmatch(r"\$\{(\w+):-(.*)\}", str(value))
            if match is not None:
                assert match[1] == variable
                defaults[variable] = match[2]
        assert config.load_settings(defaults) == config.load_settings({})


def test_compose_accepts_the_file() -> None:
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("no docker-compose on this machine")
    done = subprocess.run(
        [command, "--file", str(PROJECT / "docker-compose.yml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_base_image_is_a_variable() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for name in ("PYTHON_BASE_IMAGE", "POSTGRES_IMAGE", "OBJECT_STORE_IMAGE"):
        assert f"${{{name}:-" in text
