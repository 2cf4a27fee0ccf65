"""`python -m tests.fault.storm`: a whole storm on a system of its own; exit 1 where anything is wrong.

Writes docs/reliability.md.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from deploy.local.layout import PROJECT
from tests.fault.storm.report import write_page
from tests.fault.storm.run import PROGRAMS, storm
from tests.system import LAUNCHER, running_system

_SHOWN = 20


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault.storm", description=__doc__)
    parser.add_argument("--acts", type=int, default=10_000, help="acts that must be answered (10000)")
    parser.add_argument("--crews", type=int, default=8, help="threads of people (8)")
    parser.add_argument(
        "--every", type=float, default=5.0, metavar="SECONDS", help="between two kills, on average (5)"
    )
    parser.add_argument("--kills", type=int, default=20, help="kills that must have fallen (20)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="repeats the choice of acts and kills"
    )
    parser.add_argument(
        "--store",
        choices=("directory", "minio"),
        default=_default_store(),
        help="minio where `make minio` built it",
    )
    parser.add_argument("--keep", type=Path, help="a folder for the system's data and logs, which stays")
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md as it is")
    asked = parser.parse_args()
    print(f"storm of {asked.acts} acts, seed {asked.seed}, store {asked.store}", flush=True)
    programs = (*PROGRAMS, "minio") if asked.store == "minio" else PROGRAMS
    with (
        tempfile.TemporaryDirectory(prefix="siglab-storm-") as folder,
        running_system(
            asked.keep or Path(folder) / "data",
            variables={"SIGLAB_DEMO": "1"},
            launcher=(*LAUNCHER, "--store", asked.store),
            within_s=400,
        ) as system,
    ):
        Path(folder).chmod(0o711)
        found = storm(
            system,
            acts=asked.acts,
            crews=asked.crews,
            every_s=asked.every,
            kills=asked.kills,
            programs=programs,
            seed=asked.seed,
        )
    if not asked.no_page:
        write_page(found, asked.store)
    wrongs = found.wrongs()
    for words in wrongs[:_SHOWN]:
        print(words)
    print(
        f"{found.acts} acts answered, {sum(found.kills.values())} kills {found.kills}, "
        f"{len(found.reckoning.lost)} lost, {len(found.reckoning.doubled)} doubled, {len(wrongs)} wrong in all"
    )
    return 1 if wrongs else 0


def _default_store() -> str:
    return "minio" if (PROJECT / "var" / "bin" / "minio").exists() else "directory"


if __name__ == "__main__":
    sys.exit(main())
