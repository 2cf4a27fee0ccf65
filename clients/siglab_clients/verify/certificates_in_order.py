"""Puts the certificates in a time stamp (RFC 3161) into the order that DER has for sets.

Authorities, those of OpenSSL among them, write the certificates that they send along in any order, which a strict reader refuses.
Nobody's signature covers them or their order, so that they may be sorted before a stamp is read.
"""

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
#: Where the certificates stand: in the answer the token, in it the content, in that the signed data, in them the set [0]; told as
#: the tag of each step and which of the parts with that tag it is.
_STEPS = ((_SEQUENCE, 0), (_SEQUENCE, 1), (_CONTEXT_0, 0), (_SEQUENCE, 0), (_CONTEXT_0, 0))


def certificates_in_order(answer: bytes) -> bytes:
    """The same answer with its certificates in order; the answer as it is where they cannot be found."""
    start, end = 0, len(answer)
    try:
        for tag, number in _STEPS:
            found = [part for part in _parts(answer, start, end) if answer[part[0]] == tag][number]
            _, start, end = found
        rows = [answer[first:last] for first, _, last in _parts(answer, start, end)]
    except (IndexError, ValueError):
        return answer
    return answer[:start] + b"".join(sorted(rows)) + answer[end:]


def _parts(raw: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """(where it starts, where its content starts, where it ends) of each DER value between `start` and `end`."""
    found = []
    while start < end:
        length, content = raw[start + 1], start + 2
        if length & 0x80:
            content += length & 0x7F
            length = int.from_bytes(raw[start + 2 : content], "big")
        if content + length > end:
            raise ValueError("a value is longer than what it stands in")
        found.append((start, content, content + length))
        start = content + length
    return found
