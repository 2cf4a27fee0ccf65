"""`python -m tests.fault.spectra.upload_until_killed UPLOAD CONTENT STEP`: goes on with an upload; killed at one of its steps.

Steps are the moments before and after each call of the object store and each commit, counted from 1; exit 0 means that there were
fewer of them.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.store import store_of
from shared.config import load_settings
from shared.db.unit_of_work import UnitOfWork
from shared.storage.interface import MIN_PART_SIZE
from tests.integration.spectra import house


class Steps:
    """Counts, and kills this process at the right one."""

    def __init__(self, last: int) -> None:
        self.left = last

    def count(self) -> None:
        """One step more."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """Makes a method of an object or class a thing of two steps."""
        real: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(real)
        def call(*given: Any, **named: Any) -> Any:
            self.count()
            found = real(*given, **named)
            self.count()
            return found

        setattr(owner, name, call)


def main() -> int:
    """Sends what is missing, a part at a time, and completes the upload."""
    upload_id, content, step = sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    runtime = make_runtime(load_settings())
    client = create_app(runtime.settings, runtime).test_client()
    steps = Steps(step)
    for name in ("begin", "put_part", "finish"):
        steps.around(store_of(runtime), name)
    steps.around(UnitOfWork, "commit")
    offset = house.where(client, upload_id).json["offset"]
    while offset < len(content):
        piece = content[offset : offset + MIN_PART_SIZE]
        answer = house.send(client, upload_id, offset, piece)
        assert answer.status_code == 200, answer.data
        offset = answer.json["offset"]
    assert house.complete(client, upload_id).status_code == 200
    return 0


if __name__ == "__main__":
    sys.exit(main())
