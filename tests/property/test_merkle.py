"""Trees, proofs and their refusal, with pymerkle as the oracle."""

import hashlib
from collections.abc import Sequence

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto import merkle
from siglab_clients.tlog.errors import ProofError
from siglab_clients.tlog.hashing import leaf_hash
from siglab_clients.tlog.proofs import verify_consistency, verify_inclusion

entries = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def grown(leaves: Sequence[bytes], batches: Sequence[int]) -> merkle.MemoryLogStore:
    """A store to which `leaves` were added in batches of the given sizes, then the rest one by one."""
    store, size = merkle.MemoryLogStore(), 0
    for batch in [*batches, *([1] * len(leaves))]:
        size = merkle.append(store, size, leaves[size : size + batch])
    assert size == len(leaves)
    return store


def oracle(rows: Sequence[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree()
    tree.append_entries(list(rows))
    return tree


@given(entries, st.lists(st.integers(0, 20), max_size=5))
def test_every_root_is_the_oracles(rows: list[bytes], batches: list[int]) -> None:
    store, tree = grown([leaf_hash(row) for row in rows], batches), oracle(rows)
    for size in range(len(rows) + 1):
        assert merkle.root(store, size) == tree.get_root(size)


@given(entries, st.data())
def test_inclusion_proofs_are_the_oracles_and_hold(rows: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(row) for row in rows]
    store, tree = grown(leaves, []), oracle(rows)
    size = data.draw(st.integers(1, len(rows)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(store, index, size)
    assert sorted([leaves[index], *proof]) == sorted(tree.prove_inclusion(index + 1, size).path)
    verify_inclusion(index, size, leaves[index], proof, tree.get_root(size))


@given(entries, st.data())
def test_consistency_proofs_hold_against_the_oracles_roots(rows: list[bytes], data: st.DataObject) -> None:
    store, tree = grown([leaf_hash(row) for row in rows], []), oracle(rows)
    size = data.draw(st.integers(0, len(rows)))
    old = data.draw(st.integers(0, size))
    proof = merkle.consistency_proof(store, old, size)
    verify_consistency(old, tree.get_root(old), size, tree.get_root(size), proof)


def damaged(proof: Sequence[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with a hash changed, left out, doubled or added."""
    rows = list(proof)
    act = data.draw(st.sampled_from(["change", "drop", "double", "add"] if rows else ["add"]))
    at = data.draw(st.integers(0, max(0, len(rows) - 1)))
    if act == "change":
        rows[at] = bytes([rows[at][0] ^ 1]) + rows[at][1:]
    elif act == "drop":
        del rows[at]
    elif act == "double":
        rows.insert(at, rows[at])
    else:
        rows.append(hashlib.sha256(b"added").digest())
    return rows


@given(entries, st.data())
def test_a_damaged_inclusion_proof_is_refused(rows: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(row) for row in rows]
    store, size = grown(leaves, []), len(rows)
    index = data.draw(st.integers(0, size - 1))
    proof = damaged(merkle.inclusion_proof(store, index, size), data)
    with pytest.raises(ProofError):
        verify_inclusion(index, size, leaves[index], proof, merkle.root(store, size))


@given(entries, st.data())
def test_a_damaged_consistency_proof_is_refused(rows: list[bytes], data: st.DataObject) -> None:
    store, size = grown([leaf_hash(row) for row in rows], []), len(rows)
    old = data.draw(st.integers(1, size))
    proof = damaged(merkle.consistency_proof(store, old, size), data)
    with pytest.raises(ProofError):
        verify_consistency(old, merkle.root(store, old), size, merkle.root(store, size), proof)


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=2, max_size=60, unique=True), st.data())
def test_a_rewritten_log_has_no_consistency_proof(rows: list[bytes], data: st.DataObject) -> None:
    store, size = grown([leaf_hash(row) for row in rows], []), len(rows)
    old = data.draw(st.integers(1, size))
    at = data.draw(st.integers(0, old - 1))
    forged = [*rows[:at], b"never recorded", *rows[at + 1 :]]
    other = grown([leaf_hash(row) for row in forged], [])
    with pytest.raises(ProofError, match=r"rewritten|two different roots"):
        verify_consistency(
            old,
            merkle.root(store, old),
            size,
            merkle.root(other, size),
            merkle.consistency_proof(other, old, size),
        )


@given(st.integers(2, 5000), st.data())
def test_work_grows_with_the_logarithm(size: int, data: st.DataObject) -> None:
    class Counting(merkle.MemoryLogStore):
        read = 0

        def get_hashes(self, places: Sequence[merkle.Place]) -> dict[merkle.Place, bytes]:
            self.read += len(places)
            return dict.fromkeys(places, bytes(32))

    bound = size.bit_length()
    for act, most in (
        (lambda s: merkle.append(s, size, [bytes(32)]), bound),
        (lambda s: merkle.root(s, size), bound),
        (lambda s: merkle.inclusion_proof(s, data.draw(st.integers(0, size - 1)), size), 3 * bound),
        (lambda s: merkle.consistency_proof(s, data.draw(st.integers(0, size)), size), 3 * bound),
    ):
        store = Counting()
        act(store)
        assert store.read <= most
        assert len(store.hashes) <= bound + 1
