"""`make demo`: the main job on one exhibit through the public API, each step with its time.

Uses the system that runs at SIGLAB_HTTP_PORT; where none runs, starts one in a temporary data folder and stops it again.
"""

import argparse
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from deploy.demo.exhibit import make_demo_exhibit
from deploy.demo.people import Users, read_credentials
from deploy.demo.steps import STEPS, Story
from deploy.local.system import running_system
from shared.config import Settings, load_settings
from siglab_clients.api import ApiError


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _users(settings: Settings) -> Iterator[Users]:
    if _answers(settings.http_port):
        print(f"Using the system that runs at http://127.0.0.1:{settings.http_port}")
        yield Users(read_credentials(settings.data_dir))
        return
    data_dir = Path(tempfile.mkdtemp(prefix="siglab-demo-"))
    print(
        f"No system runs at port {settings.http_port}: starting one in {data_dir} (it is stopped and removed at the end)"
    )
    try:
        with running_system(data_dir) as base_url:
            yield Users(read_credentials(data_dir), base_url)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def _play(story: Story) -> None:
    began = time.monotonic()
    for number, step in enumerate(STEPS, 1):
        started = time.monotonic()
        print(f"{number:2d}/{len(STEPS)} {step.__doc__} ...", flush=True)
        details: list[str] = []
        story.say = details.append
        step(story)
        print(f"      {'; '.join(details)}  ({time.monotonic() - started:.2f} s)", flush=True)
    print(f"Done in {time.monotonic() - began:.1f} s. All data of this demo is SYNTHETIC.")
    print(f"Report: {story.found['report']}")
    print(f"Custody bundle, accepted by siglab-verify: {story.found['bundle']}")


def main() -> int:
    """The command; exit 0 when every step held, else 1 with the step's error."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261124, help="seed of the synthetic exhibit")
    options = parser.parse_args()
    settings = load_settings()
    folder = settings.data_dir / "demo" / datetime.now().strftime("%Y%m%d-%H%M%S")
    try:
        with _users(settings) as users:
            folder.mkdir(parents=True)
            _play(Story(users, make_demo_exhibit(options.seed), folder, print))
    except FileNotFoundError as error:
        print(
            f"demo: the running system has no demo accounts here ({error.filename}); set SIGLAB_DATA_DIR to its data folder."
        )
        return 1
    except (ApiError, TimeoutError, RuntimeError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
