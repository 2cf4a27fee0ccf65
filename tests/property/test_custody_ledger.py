"""However events come in batches, the log's heads grow out of each other and a recomputation agrees (E19)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.check_leaves import GrowingTree, check_event
from services.chain_of_custody.domain.event_record import Author, build_record, signatures_hold
from shared.crypto import merkle
from shared.crypto.canonical import canonical_json
from shared.crypto.ledger import commitment_entry, event_digest, leaf_hash, new_salt
from siglab_clients.tlog.proofs import verify_consistency, verify_inclusion

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.rule("E19")
@given(batches=st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_batches_of_any_size_give_one_log(batches: list[int]) -> None:
    store, tree, size = merkle.MemoryLogStore(), GrowingTree(), 0
    for count in batches:
        before, old_root = size, merkle.root(store, size)
        leaves = [leaf_hash(b"%d" % index) for index in range(size, size + count)]
        size = merkle.append(store, size, leaves)
        for leaf in leaves:
            assert all(store.hashes[place] == value for place, value in tree.add(leaf).items())
        assert (tree.size, tree.root()) == (size, merkle.root(store, size))
        proof = merkle.consistency_proof(store, before, size)
        verify_consistency(before, old_root, size, tree.root(), proof)
    proofs = merkle.inclusion_proofs(store, range(size), size)
    for index, hashes in proofs.items():
        verify_inclusion(index, size, leaf_hash(b"%d" % index), hashes, tree.root())


def _record(details: dict[str, Any], purpose: str) -> dict[str, Any]:
    return build_record(
        event_id="e1", item_id="i1", item_number="S26-000001", sequence=1, previous=None, kind="weighed",
        author=Author("technician", "Tess", "technician"), occurred_at="2026-11-24T08:00:00.000000Z",
        recorded_at="2026-11-24T08:00:01.000000Z", purpose=purpose, details=details, signatures=[],
        standing={"state": "in_custody", "remaining_mg": None},
    )  # fmt: skip


@pytest.mark.rule("E13")
@given(details=st.dictionaries(texts, plain, max_size=4), purpose=texts)
def test_any_record_is_read_back_as_it_was_committed(details: dict[str, Any], purpose: str) -> None:
    record, salt = _record(details, purpose), new_salt()
    written = canonical_json(record).decode()
    columns = {"id": "e1", "item_id": "i1", "sequence": 1, "type": "weighed", "digest": event_digest(record)}
    assert check_event(written, salt, commitment_entry(record, salt), columns) is None
    assert signatures_hold(json.loads(written))
    other = canonical_json({**record, "purpose": purpose + "!"}).decode()
    assert "commits to" in str(check_event(other, salt, commitment_entry(record, salt), columns))
