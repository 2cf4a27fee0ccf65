"""Merkle tree hashing with domain separation (RFC 6962 section 2.1), SHA-256."""

import hashlib
from collections.abc import Sequence

#: Bytes of every hash of the tree.
HASH_SIZE = 32

#: The root of a tree without leaves.
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf; the prefix 0x00 keeps a leaf from being read as an inner node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_subtrees(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that become smaller from left to right."""
    if not hashes:
        return EMPTY_ROOT
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value
