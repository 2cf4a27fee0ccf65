"""The measure itself: readers that do wrong are found."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.registry import READERS
from tests.fuzz.run import fuzz


def _grows(path: Path) -> Any:
    return np.ones(200 * 2**20, np.uint8)


def _spins(path: Path) -> Any:
    while True:
        pass


def _raises(path: Path) -> Any:
    raise KeyError("x")


def _crashes(path: Path) -> Any:
    os.abort()


def _is_slow(path: Path) -> Any:
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    raise ReaderError("slow")


def _not_a_number(path: Path) -> Any:
    return PeakTable("CSV", "GC", ("",), np.array([np.inf]), np.ones(1))


@pytest.mark.parametrize(
    ("reader", "what"),
    [
        (_grows, "memory"),
        (_spins, "hung"),
        (_raises, "raised KeyError"),
        (_crashes, "crashed with SIGABRT"),
        (_is_slow, "of processor time"),
        (_not_a_number, "infinite"),
    ],
)
def test_a_reader_that_does_wrong_is_found(reader: Any, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.run._warm", lambda *_: None)
    monkeypatch.setitem(READERS, "CSV", reader)
    tally = fuzz("CSV", range(2), base=0, cpu_limit=0.2)
    assert [failure.number for failure in tally.failures] == [0, 1]
    assert all(what in failure.what for failure in tally.failures)
