"""Known answers of RFC 6962 trees, and what is refused."""

import pytest

from shared.crypto import merkle
from siglab_clients.tlog.errors import ProofError
from siglab_clients.tlog.hashing import EMPTY_ROOT, leaf_hash, node_hash
from siglab_clients.tlog.proofs import verify_consistency, verify_inclusion

#: The entries and roots that implementations of Certificate Transparency test themselves with.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.fixture
def store() -> merkle.MemoryLogStore:
    filled = merkle.MemoryLogStore()
    merkle.append(filled, 0, [leaf_hash(entry) for entry in ENTRIES])
    return filled


@pytest.mark.rule("E19")
@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_known_ones(store: merkle.MemoryLogStore, size: int) -> None:
    assert merkle.root(store, size).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing(store: merkle.MemoryLogStore) -> None:
    assert merkle.root(store, 0) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_proofs_of_the_example_tree_of_the_rfc(store: merkle.MemoryLogStore) -> None:
    """RFC 6962 section 2.1.3: seven leaves; its letters name the nodes."""
    a, b, c, d, e, f, j = (leaf_hash(entry) for entry in ENTRIES[:7])
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, left = node_hash(i, j), node_hash(g, h)
    assert merkle.inclusion_proof(store, 0, 7) == [b, h, k]
    assert merkle.inclusion_proof(store, 3, 7) == [c, g, k]
    assert merkle.inclusion_proof(store, 4, 7) == [f, j, left]
    assert merkle.inclusion_proof(store, 6, 7) == [i, left]
    assert merkle.consistency_proof(store, 3, 7) == [c, d, g, k]
    assert merkle.consistency_proof(store, 4, 7) == [k]
    assert merkle.consistency_proof(store, 6, 7) == [i, j, left]


def test_many_proofs_are_read_at_once(store: merkle.MemoryLogStore) -> None:
    proofs = merkle.inclusion_proofs(store, [6, 0, 3], 7)
    assert proofs == {index: merkle.inclusion_proof(store, index, 7) for index in (6, 0, 3)}


def test_nothing_added_changes_nothing(store: merkle.MemoryLogStore) -> None:
    assert merkle.append(store, 8, []) == 8


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_outside(store: merkle.MemoryLogStore, index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        merkle.inclusion_proof(store, index, size)
    with pytest.raises(ProofError, match="not below the tree's size"):
        verify_inclusion(index, size, bytes(32), [], bytes(32))


def test_a_tree_is_not_older_than_itself(store: merkle.MemoryLogStore) -> None:
    with pytest.raises(ValueError, match="no older tree"):
        merkle.consistency_proof(store, 5, 4)
    with pytest.raises(ProofError, match="shrank"):
        verify_consistency(5, bytes(32), 4, bytes(32), [])


def test_a_lost_hash_is_named(store: merkle.MemoryLogStore) -> None:
    del store.hashes[1, 2]
    with pytest.raises(merkle.MissingHash, match="level 1, number 2"):
        merkle.root(store, 7)


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
def test_hashes_of_another_length_are_refused(wrong: bytes) -> None:
    with pytest.raises(ProofError, match="32 bytes"):
        verify_inclusion(0, 2, bytes(32), [wrong], bytes(32))
    with pytest.raises(ProofError, match="32 bytes"):
        verify_consistency(1, bytes(32), 2, bytes(32), [wrong])


def test_two_roots_for_one_size_are_a_fork() -> None:
    with pytest.raises(ProofError, match="two different roots"):
        verify_consistency(3, bytes(32), 3, bytes([1] * 32), [])
    with pytest.raises(ProofError, match="two different roots"):
        verify_consistency(0, bytes(32), 3, bytes(32), [])
