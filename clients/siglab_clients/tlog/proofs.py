"""Verification of inclusion and consistency proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2)."""

import hmac
from collections.abc import Sequence

from siglab_clients.tlog.errors import ProofError
from siglab_clients.tlog.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


def verify_inclusion(index: int, size: int, leaf: bytes, hashes: Sequence[bytes], root: bytes) -> None:
    """Returns when `hashes` prove the leaf hash `leaf` to be number `index` of the tree of `size` with
    `root`.

    Raises ProofError otherwise.
    """
    _require_hashes([leaf, root, *hashes])
    if not 0 <= index < size:
        raise ProofError(f"the index {index} is not below the tree's size {size}")
    at, last, value = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the inclusion proof is too short")
    if not hmac.compare_digest(value, root):
        raise ProofError("the inclusion proof does not lead to the root of the checkpoint")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, hashes: Sequence[bytes]
) -> None:
    """Returns when `hashes` prove that the tree of `size` only adds leaves to the tree of `old_size`.

    Raises ProofError otherwise.
    """
    _require_hashes([old_root, root, *hashes])
    if not 0 <= old_size <= size:
        raise ProofError(f"the log shrank from {old_size} to {size} entries")
    if old_size in (0, size):
        if hashes:
            raise ProofError("the consistency proof is too long")
        if not hmac.compare_digest(old_root, root if old_size else EMPTY_ROOT):
            raise ProofError("two different roots are claimed for one size of the log")
        return
    rest = list(hashes)
    if old_size & (old_size - 1) == 0:
        rest.insert(0, old_root)
    if not rest:
        raise ProofError("the consistency proof is empty")
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_value = new_value = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if at & 1 or at == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the consistency proof is too short")
    if not hmac.compare_digest(old_value, old_root):
        raise ProofError("the log was rewritten: the consistency proof does not lead to the old root")
    if not hmac.compare_digest(new_value, root):
        raise ProofError("the log was rewritten: the consistency proof does not lead to the new root")


def _require_hashes(values: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in values):
        raise ProofError(f"a hash of the proof does not have {HASH_SIZE} bytes")
