"""The list of programs and the supervisor's configuration."""

import configparser
import json
from pathlib import Path

from deploy.local.layout import Layout
from deploy.local.programs import GROUPS, Program, own_system, write_configuration


def written(tmp_path: Path, programs: list[Program]) -> configparser.RawConfigParser:
    layout = Layout(tmp_path)
    layout.run.mkdir()
    parser = configparser.RawConfigParser()
    parser.read(write_configuration(layout, programs))
    return parser


def test_every_process_of_the_architecture_runs() -> None:
    names = {program.name for program in own_system().programs}
    assert names == {
        "broker", "gateway", "intake", "chain_of_custody", "custody-worker", "classifier", "classifier-worker"
    }  # fmt: skip
    assert {program.group for program in own_system().programs} <= set(GROUPS)


def test_the_stores_start_first_and_stop_last(tmp_path: Path) -> None:
    store = Program("postgres", "stores", ["postgres"], stop_signal="INT")
    parser = written(tmp_path, [*own_system().programs, store])
    priorities = {name: parser.getint(f"group:{name}", "priority") for name in GROUPS}
    assert priorities["stores"] < priorities["bus"] < priorities["services"] < priorities["door"]
    assert parser.get("program:postgres", "stopsignal") == "INT"


def test_every_program_is_started_again_without_a_growing_pause(tmp_path: Path) -> None:
    parser = written(tmp_path, own_system().programs)
    sections = [name for name in parser.sections() if name.startswith("program:")]
    assert len(sections) == len(own_system().programs)
    for section in sections:
        assert parser.get(section, "autorestart") == "true"
        assert parser.get(section, "startsecs") == "0"


def test_arguments_reach_the_tether_and_not_the_configuration(tmp_path: Path) -> None:
    odd = "a ;b #c %(here)s 'd' \"e\" \n f"
    written(tmp_path, [Program("odd", "bus", ["run", odd], environment={"X": odd})])
    assert odd not in (tmp_path / "run" / "supervisord.conf").read_text()
    plan = json.loads((tmp_path / "run" / "programs.json").read_text())["odd"]
    assert plan["argv"] == ["run", odd]
    assert plan["environment"] == {"X": odd}


def test_a_group_without_programs_is_left_out(tmp_path: Path) -> None:
    parser = written(tmp_path, [Program("broker", "bus", ["x"])])
    assert [name for name in parser.sections() if name.startswith("group:")] == ["group:bus"]


def test_an_orderly_stop_is_limited(tmp_path: Path) -> None:
    slowest = {
        group: max((p.stop_within for p in own_system().programs if p.group == group), default=5)
        for group in GROUPS
    }
    assert sum(slowest.values()) <= 18
