"""Which subtrees a proof is made of (RFC 6962 sections 2.1.1 and 2.1.2), for whoever holds the hashes.

The log's own tables and a reader of its tiles build the same proofs; they differ only in where a hash comes from.
"""

#: Where the hash of a complete subtree lies: level (0 = leaves) and index within the level.
Place = tuple[int, int]

#: A run of leaves [start, end).
Span = tuple[int, int]


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The runs of leaves whose hashes prove that leaf `index` is in the tree of `size`, the lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old_size: int, size: int) -> list[Span]:
    """The runs of leaves whose hashes prove that the tree of `size` only adds to that of `old_size`; none where either is
    trivial.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} leaves has no older tree of {old_size}")
    if old_size in (0, size):
        return []
    spans: list[Span] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    # The old tree's own root is known to the verifier, any other remaining subtree is not.
    if start:
        spans.append((start, end))
    return spans[::-1]


def subtrees(span: Span) -> list[Place]:
    """The complete subtrees that a span of leaves is made of, left to right.

    Spans of RFC 6962 start at multiples of a power of two not below their width, so this always comes out.
    """
    start, end = span
    places: list[Place] = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1
