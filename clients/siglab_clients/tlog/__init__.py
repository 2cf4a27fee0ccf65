"""Transparency log, the reader's side: hashing, proofs, signed notes, checkpoints and salted commitments.

Everything here is pure: no file, no network, no clock. Sources: RFC 6962 section 2.1 and RFC 9162 section
2.1 (Merkle trees), RFC 8785 (canonical JSON), C2SP signed-note and tlog-checkpoint.
"""
