"""The one place where ids are minted."""

import os
import time
import uuid


def new_id() -> str:
    """A new opaque id: UUID version 7 (RFC 9562) as 32 hex digits, so that ids sort by the moment they were made."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds & (2**48 - 1)) << 80
        | 0x7 << 76
        | (random >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | random & (2**62 - 1)
    )
    return uuid.UUID(int=value).hex
