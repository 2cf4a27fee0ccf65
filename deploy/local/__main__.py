"""`python -m deploy.local run | status`: the whole system on one machine."""

import argparse
import json
import sys
import time

from deploy.local.launcher import run
from deploy.local.layout import Layout
from deploy.local.programs import own_system
from deploy.local.progress import complain
from deploy.local.status import read_status, show
from shared.config import SettingsError, load_settings


def main() -> int:
    """Parses the command line; returns the exit code."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run everything until Ctrl-C")
    running.add_argument(
        "--store", default="directory", help="where spectra are kept: directory (default) or minio"
    )
    running.add_argument("--tethered", action="store_true", help="stop when the calling process ends")
    status = commands.add_parser(
        "status", help="processes, ports and address of the system of SIGLAB_DATA_DIR"
    )
    status.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    if options.command == "run":
        return run(options.store, own_system(), tethered=options.tethered, began=began)
    try:
        found = read_status(Layout(load_settings().data_dir))
    except SettingsError as error:
        complain(str(error))
        return 2
    print(json.dumps(found, indent=1) if options.json else show(found))
    return 0 if found["running"] else 3


if __name__ == "__main__":
    sys.exit(main())
