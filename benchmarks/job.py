"""How long one exhibit's classification takes, from the request to the result, through a whole running system.

The demo's own exhibit is taken through custody, its raw run uploaded and read, and then classified again and again: measured is
the time from sending POST /jobs until GET /jobs/{id} says that it is done, asked every few milliseconds, as a program would.
Beside it stands how long the reading of the run took, from the last byte of its upload to the profile.

    python -m benchmarks.job [--jobs 40] [--data DIR_OF_A_RUNNING_SYSTEM] [--write]
"""

import argparse
import contextlib
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.keep import keep
from deploy.demo import steps
from deploy.demo.exhibit import make_demo_exhibit
from deploy.demo.people import Users, read_credentials
from tests.system import running_system

GOAL_MS = 300.0
_ASK_EVERY_S = 0.005


class Technician:
    """The technician over one connection that stays open."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection(str(urlsplit(credentials["base_url"]).netloc))
        self._token = credentials["users"]["technician"]["token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; its JSON answer."""
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._connection.request(
            method, f"/api/v1{path}", None if body is None else json.dumps(body), headers=head
        )
        answer = self._connection.getresponse()
        told = json.loads(answer.read())
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {told}")
        return told

    def wait(self, path: str, done: Any) -> Any:
        """Asks until `done` holds of the answer."""
        while not done(told := self.ask("GET", path)):
            time.sleep(_ASK_EVERY_S)
        return told


@contextlib.contextmanager
def system(data: Path | None) -> Iterator[dict[str, Any]]:
    """The credentials of a running system, or of one that is started for this."""
    if data is not None:
        yield read_credentials(data)
        return
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        Path(folder).chmod(0o711)
        own = Path(folder) / "data"
        with running_system(own, variables={"SIGLAB_DEMO": "1"}, within_s=400) as found:
            yield {**read_credentials(own), "base_url": found.base_url}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Times one exhibit's classification.")
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--data", type=Path, default=None, help="data folder of a system that runs already")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    with system(options.data) as credentials, tempfile.TemporaryDirectory() as folder:
        story = steps.Story(Users(credentials), make_demo_exhibit(1), Path(folder), lambda _: None)
        for step in (steps.submit, steps.receive, steps.open_custody, steps.store_and_fetch, steps.hand_over):
            step(story)
        steps.weigh_and_sample(story)
        technician = Technician(credentials)
        item = story.found["aliquot"]["id"]
        began = time.perf_counter()
        steps.upload_run(story)
        technician.wait(
            f"/items/{item}/profile?programme={steps.PROGRAMME}",
            lambda p: any(value["value"] is not None for value in p["values"]),
        )
        reading = 1000 * (time.perf_counter() - began)
        steps.measure(story)
        times = []
        for _ in range(options.jobs):
            began = time.perf_counter()
            job = technician.ask("POST", "/jobs", {"programme": steps.PROGRAMME, "item_ids": [item]})
            ended = technician.wait(f"/jobs/{job['id']}", lambda j: j["state"] not in ("queued", "running"))
            times.append(1000 * (time.perf_counter() - began))
            if ended["state"] != "done":
                raise SystemExit(f"the job ended as {ended['state']}: {ended['error']}")
            time.sleep(0.1)
    times.sort()
    middle, late = statistics.median(times), times[int(0.95 * len(times))]
    print(f"a job: median {middle:.0f} ms, 95 % within {late:.0f} ms, of {len(times)}")
    print(f"upload, check, reading and profile of a run: {reading:.0f} ms")
    if options.write:
        what = "job of one exhibit through a running system, POST /jobs to done, median"
        keep("job_p50", what, "ms", middle, better="lower", goal=GOAL_MS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
