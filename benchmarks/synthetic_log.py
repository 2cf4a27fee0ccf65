"""Writes a log of any size into a folder, as a server would serve it (C2SP tlog-tiles): for tests and benchmarks.

    python -m benchmarks.synthetic_log FOLDER --size 1000000

Entries are commitments to nothing, the keys are fixed: SYNTHETIC. The log's verifier key lies in FOLDER/key.
"""

import argparse
import base64
import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto.ledger import sign_checkpoint, verifier_key
from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.cosignatures import cosign, witness_key
from siglab_clients.tlog.hashing import leaf_hash, root_of_subtrees
from siglab_clients.tlog.spans import subtrees
from siglab_clients.tlog.tiles import TILE_WIDTH, climb, tile_path

ORIGIN = "synthetic.example/ledger"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"synthetic log").digest())
VERIFIER = verifier_key(ORIGIN, LOG_KEY)
WITNESS_NAME = "synthetic.example/witness"
WITNESS_SECRET = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"synthetic witness").digest())
WITNESS = witness_key(WITNESS_NAME, WITNESS_SECRET)


def commitment(index: int) -> bytes:
    """An entry as a custody log has them."""
    digest = hashlib.sha256(index.to_bytes(8, "big")).digest()
    return b'{"commitment":"%s","v":1}' % base64.b64encode(digest)


def write_log(
    folder: Path,
    size: int,
    *,
    entry: Callable[[int], bytes] = commitment,
    cosigned_at: int | None = None,
) -> Checkpoint:
    """Writes tiles, entries, checkpoint and key of a log of `size`; what a smaller log of the same entries left stays."""
    row: list[bytes] = []
    for number in range(-(-size // TILE_WIDTH)):
        start = number * TILE_WIDTH
        entries = [entry(i) for i in range(start, min(start + TILE_WIDTH, size))]
        bundle = b"".join(len(one).to_bytes(2, "big") + one for one in entries)
        leaves = [leaf_hash(one) for one in entries]
        _put(folder / "tile" / "entries" / tile_path(number, len(entries)), bundle)
        _put(folder / "tile" / "0" / tile_path(number, len(entries)), b"".join(leaves))
        row.append(climb(leaves) if len(leaves) == TILE_WIDTH else b"".join(leaves))
    edge = _write_levels(folder, row, size)
    head = Checkpoint(ORIGIN, size, root_of_subtrees(edge))
    note = sign_checkpoint(ORIGIN, size, head.root, LOG_KEY)
    if cosigned_at is not None:
        note += cosign(head.text(), WITNESS_NAME, WITNESS_SECRET, cosigned_at)
    _put(folder / "checkpoint", note.encode())
    _put(folder / "key", f"{VERIFIER}\n".encode())
    return head


def _write_levels(folder: Path, row: list[bytes], size: int) -> list[bytes]:
    """Writes the tiles of level 1 and above; returns the hashes of the log's complete subtrees, the largest first."""
    edge: list[bytes] = []
    level = 0
    rest = _split(row.pop()) if size % TILE_WIDTH else []
    while True:
        tops = [climb(rest[i << n : (i + 1) << n], n) for n, i in subtrees((0, len(rest)))]
        edge = tops + edge
        if not row:
            return edge
        level += 1
        full, above = len(row) // TILE_WIDTH, []
        for number in range(full):
            tile = row[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            _put(folder / "tile" / str(level) / tile_path(number), b"".join(tile))
            above.append(climb(tile))
        rest = row[full * TILE_WIDTH :]
        if rest:
            _put(folder / "tile" / str(level) / tile_path(full, len(rest)), b"".join(rest))
        row = above


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[i : i + 32] for i in range(0, len(hashes), 32)]


_MADE: set[Path] = set()


def _put(path: Path, content: bytes) -> None:
    if path.parent not in _MADE:
        path.parent.mkdir(parents=True, exist_ok=True)
        _MADE.add(path.parent)
    path.write_bytes(content)


def main(arguments: Iterable[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Writes a SYNTHETIC log into a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=10_000)
    given = parser.parse_args(None if arguments is None else list(arguments))
    began = time.perf_counter()
    head = write_log(given.folder, given.size, cosigned_at=1_795_510_083)
    print(f"{head.size} entries in {time.perf_counter() - began:.1f} s; key in {given.folder / 'key'}")


if __name__ == "__main__":
    main()
