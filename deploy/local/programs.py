"""What runs: the list of programs of one machine, and the supervisor's configuration made of it."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.layout import PROJECT, Layout
from shared.config import SERVICES

#: Groups in the order of their start; they stop in the reverse order, one after the other, the programs of one together.
GROUPS = ("stores", "bus", "services", "door")
#: Services that run jobs in a worker process of their own.
WITH_WORKER = {"chain_of_custody": "custody-worker", "classifier": "classifier-worker"}


@dataclass(frozen=True)
class Program:
    """One supervised process; times in seconds, signals by their names without SIG."""

    name: str
    group: str
    argv: list[str]
    stop_signal: str = "TERM"
    stop_within: int = 6
    death_signal: str = "KILL"
    needs_database: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = str(PROJECT)


@dataclass(frozen=True)
class System:
    """What a launcher runs beside the stores: programs, and the modules that it runs to their end before people may come."""

    programs: list[Program]
    migrate_module: str = "shared.db.migrate"
    seed_module: str = "deploy.demo.seed"


def own_system() -> System:
    """Our own code: broker, services, job workers, gateway."""
    python = [sys.executable, "-m"]
    conf = PROJECT / "deploy" / "gunicorn.conf.py"
    programs = [Program("broker", "bus", [*python, "gateway.broker"], stop_within=2, needs_database=False)]
    for name in SERVICES:
        programs.append(Program(name, "services", [*python, f"services.{name}.serve"]))
        if name in WITH_WORKER:
            programs.append(Program(WITH_WORKER[name], "services", [*python, f"services.{name}.worker"]))
    gateway = [*python, "gunicorn", "--config", str(conf), "gateway.wsgi:application"]
    programs.append(Program("gateway", "door", gateway, stop_within=5))
    return System(programs)


def write_configuration(layout: Layout, programs: Iterable[Program]) -> Path:
    """Writes `programs.json` for the tethers and the supervisor's configuration, and returns the path of the latter.

    The configuration names nothing but programs: paths and arguments may hold characters that its format gives a meaning.
    It is read with the data folder as the working folder.
    """
    listed = list(programs)
    layout.programs.write_text(json.dumps({program.name: asdict(program) for program in listed}, indent=1))
    parts = [
        "[supervisord]\nnodaemon=true\nnocleanup=true\nminfds=256\nloglevel=info\n"
        "logfile=logs/supervisord.log\nlogfile_maxbytes=2MB\nlogfile_backups=2\npidfile=run/supervisord.pid\n"
    ]
    for priority, group in enumerate(GROUPS, 1):
        members = [program.name for program in listed if program.group == group]
        if members:
            parts.append(f"[group:{group}]\nprograms={','.join(members)}\npriority={priority}\n")
    parts += [_section(program) for program in listed]
    path = layout.run / "supervisord.conf"
    path.write_text("\n".join(parts))
    return path


def _section(program: Program) -> str:
    """A program that is started again whenever it ends, at once and without end.

    startsecs=0 keeps the supervisor from its back-off, which grows by a second with each try; the tether sets the pace instead.
    """
    return (
        f"[program:{program.name}]\n"
        f"command=/bin/sh -c 'exec \"$SIGLAB_PYTHON\" -m deploy.local.tether {program.name}'\n"
        "autostart=true\nautorestart=true\nstartsecs=0\nstartretries=1000000000\n"
        f"stopsignal={program.stop_signal}\nstopwaitsecs={program.stop_within}\nkillasgroup=true\n"
        f"redirect_stderr=true\nstdout_logfile=logs/{program.name}.log\n"
        "stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=3\n"
    )
