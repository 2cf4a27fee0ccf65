"""One reader, one file, in this process: what it answered, and how much time and memory that took. Linux only.

Processor time, not the clock, so that a busy machine is not mistaken for a slow reader. Memory is the highest resident size while
the reader ran, over that before it; the address space is limited besides, so that a reader that asks for more fails and is found.
"""

import gc
import json
import math
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.classifier.domain.dual_inlet import DualInlet
from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.registry import FORMATS, READERS, recognise, summary_of
from services.classifier.domain.run import RawRun
from services.classifier.domain.spectrum import SpectrumSet

SPARE_MEMORY = 64 * 2**20
_HANG_FACTOR = 4
_HEAD = 65_536


class Hang(BaseException):
    """The reader was stopped; nothing in a reader may catch this."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `failure` is None where the reader did what it must."""

    was_read: bool
    reason: str
    cpu_seconds: float
    memory: int
    allowed: int
    failure: str | None


def probe(format_name: str, path: Path, cpu_limit: float) -> Outcome:
    """Read the file as `format_name` and judge the reader by what it did."""
    reader, size = READERS[format_name], path.stat().st_size
    allowed = 4 * size + SPARE_MEMORY
    gc.collect()
    before, reset = _resident(), _forget_peak()
    reason, failure, content = "", None, None
    signal.signal(signal.SIGPROF, _stop)
    _limit_address_space(allowed)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, _HANG_FACTOR * cpu_limit)
    try:
        content = reader(path)
    except ReaderError as error:
        reason = str(error)
        if not reason or len(reason) > 1000:
            failure = f"a reason of {len(reason)} letters"
        if "MemoryError" in reason:
            failure = "needed more memory than it may have"
    except Hang:
        failure = "hung"
    except MemoryError:
        failure = "needed more memory than it may have"
    except Exception as error:  # noqa: BLE001 - whatever a reader raises besides is what is looked for
        failure = f"raised {type(error).__name__}: {error}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _limit_address_space(None)
    cpu = time.process_time() - started
    memory = max(0, _peak() - before) if reset else 0
    failure = failure or _judge(cpu, cpu_limit, memory, allowed) or _check(path, content)
    return Outcome(content is not None, reason, cpu, memory, allowed, failure)


def _judge(cpu: float, cpu_limit: float, memory: int, allowed: int) -> str | None:
    if cpu > cpu_limit:
        return f"took {cpu:.2f} s of processor time"
    return f"took {memory / 2**20:.1f} MB, not {allowed / 2**20:.1f}" if memory > allowed else None


def _check(path: Path, content: Any) -> str | None:
    """Whether what was read can be used: the summary is JSON without NaN, and axes and values fit each other."""
    with path.open("rb") as handle:
        if recognise(handle.read(_HEAD), path.name) not in FORMATS:
            return "recognised as no known format"
    if content is None:
        return None
    try:
        summary = json.loads(json.dumps(summary_of(content), allow_nan=False))
    except (ValueError, TypeError) as error:
        return f"the summary is no JSON: {error}"
    if not summary:
        return "the summary is empty"
    checks: dict[type, Callable[[Any], str | None]] = {
        RawRun: _check_run,
        PeakTable: _check_table,
        SpectrumSet: _check_drawn,
        DualInlet: _check_drawn,
    }
    return checks[type(content)](content)


def _check_run(run: RawRun) -> str | None:
    if (
        not run.scans
        or len(run.total) != run.scans
        or len(run.starts) != run.scans + 1
        or len(run.mz) != len(run.intensity)
    ):
        return "the lengths of the run's arrays do not fit"
    if not (np.isfinite(run.times_s).all() and np.isfinite(run.total).all() and np.isfinite(run.mz).all()):
        return "the run holds something that is no number"
    if (np.diff(run.times_s) <= 0).any() or (np.diff(run.starts) < 0).any() or run.starts[-1] != len(run.mz):
        return "the run's times or starts do not rise"
    return _check_table(run.reported) if run.reported is not None else None


def _check_table(table: PeakTable) -> str | None:
    columns = [table.time_s, table.area, table.height, table.width_s, *table.amounts.values()]
    if any(np.isinf(column).any() for column in columns):
        return "the peak table holds an infinite number"
    return None


def _check_drawn(content: SpectrumSet | DualInlet) -> str | None:
    trace = content.trace()
    if len(trace.x) != len(trace.y) or not all(
        math.isfinite(value) for value in (*trace.x[:10], *trace.y[:10])
    ):
        return "what was read cannot be drawn"
    return None


def _stop(*_: object) -> None:
    raise Hang


def _limit_address_space(more: int | None) -> None:
    """`more` bytes than there are now may be mapped, without a limit for None."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (hard if more is None else pages + more, hard))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _forget_peak() -> bool:
    """Sets the peak of the resident size back to its present; False where the system does not allow it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
