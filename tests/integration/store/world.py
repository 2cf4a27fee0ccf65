"""One custody with two stores, and hands that reach into the stores' disks behind its back."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from services.chain_of_custody.service import copy_objects, scrub, verify_spectrum
from services.chain_of_custody.store_watch import watch_of
from shared.actor import Actor
from shared.runtime import Runtime
from tests.calls import CUSTODIAN, call
from tests.integration.spectra import house

#: Larger than what MinIO keeps in the same file as the object's description.
SIZE = 1_200_000


@dataclass
class Disk:
    """The files of a store: `root` is the folder that holds the keys."""

    kind: str
    root: Path

    def part(self, key: str, version_id: str) -> Path:
        """The one file with the bytes of a version."""
        if self.kind == "directory":
            return next((self.root / key / f"@{version_id}").glob("0*-*"))
        return next((self.root / key).glob("*/part.1"))

    def note(self, key: str, version_id: str) -> Path:
        """The file with the bytes of a small version, which MinIO keeps in the one of the object's description."""
        return self.part(key, version_id) if self.kind == "directory" else self.root / key / "xl.meta"

    def write(self, key: str, version_id: str, content: bytes) -> None:
        """Puts other bytes in their place."""
        path = self.part(key, version_id)
        path.chmod(0o600)
        path.write_bytes(content)

    def remove(self, key: str, version_id: str) -> None:
        """Takes a version away, whatever locks it."""
        shutil.rmtree(self.root / key / f"@{version_id}" if self.kind == "directory" else self.root / key)

    def swap(self, one: dict[str, Any], other: dict[str, Any]) -> None:
        """Exchanges the bytes of two objects of one size; what each file says about its own bytes goes with them."""
        paths = [self.part(place["key"], place["version_id"]) for place in (one, other)]
        contents = [path.read_bytes() for path in paths]
        for path, content in zip(paths, reversed(contents), strict=True):
            path.chmod(0o600)
            path.write_bytes(content)


@dataclass
class World:
    """What a test has."""

    runtime: Runtime
    client: FlaskClient
    item_id: str
    first: Disk
    second: Disk

    def stored(self, *, mirrored: bool = False, size: int = SIZE) -> dict[str, Any]:
        """A verified spectrum, with a second copy or without."""
        spectrum_id = house.uploaded(self.client, self.item_id, os.urandom(size))
        verify_spectrum.verify_spectrum(self.runtime, spectrum_id)
        verify_spectrum.conclude_spectrum(self.runtime, spectrum_id)
        if mirrored:
            copy_objects.copy_object(self.runtime, spectrum_id)
        return self.spectrum(spectrum_id)

    def spectrum(self, spectrum_id: str) -> dict[str, Any]:
        """A spectrum as it is answered."""
        return house.spectrum(self.client, spectrum_id)

    def ask(self, method: str, path: str, body: Any = None, actor: Actor = CUSTODIAN) -> Any:
        """One request to the API."""
        return call(self.client, method, path, body, actor=actor)

    def scrub(self) -> None:
        """A whole round, asked for by the custodian."""
        assert self.ask("POST", "/store/scrub", {}).status_code == 202
        scrub.scrub(self.runtime)
        assert self.ask("GET", "/store/scrub").json["round"] is None

    def findings(self, spectrum_id: str) -> list[dict[str, Any]]:
        """What was found of one spectrum, the newest first."""
        rows = self.ask("GET", "/store/findings?limit=500").json["items"]
        return [row for row in rows if row["spectrum_id"] == spectrum_id]

    def events(self, spectrum_id: str) -> list[str]:
        """The kinds of the item's events about one spectrum."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.ask("GET", f"/items/{self.item_id}/events?limit=500{cursor}").json
            rows += answer["items"]
            if answer["next"] is None:
                return [r["type"] for r in rows if r["details"].get("spectrum_id") == spectrum_id]
            cursor = f"&cursor={answer['next']}"

    def watch(self) -> None:
        """Looks at the stores, which tells the metrics too."""
        watch_of(self.runtime).look()

    @contextmanager
    def later(self, ahead: timedelta) -> Iterator[None]:
        """The clock is ahead for as long as the block lasts."""
        clock = self.runtime.clock

        def later() -> datetime:
            return clock() + ahead

        self.runtime.clock = later
        try:
            yield
        finally:
            self.runtime.clock = clock

    @contextmanager
    def without_mirror(self) -> Iterator[None]:
        """No second store is configured for as long as the block lasts."""
        mirror = self.runtime.extras["mirror"]
        self.runtime.extras["mirror"] = None
        try:
            yield
        finally:
            self.runtime.extras["mirror"] = mirror

    @contextmanager
    def settings(self, **over: Any) -> Iterator[None]:
        """Other settings for as long as the block lasts."""
        before = self.runtime.settings
        self.runtime.settings = replace(before, **over)
        try:
            yield
        finally:
            self.runtime.settings = before
