"""How the bytes of an upload that wait are cut into parts of an object."""


def cut_parts(waiting: int, *, last: bool, least: int, most: int) -> list[int]:
    """Sizes of the parts to store now, of `waiting` bytes; what they leave goes on waiting.

    Every part has `least` to `most` bytes (`least` <= `most`), only the very last of an upload may be smaller; with `last`
    nothing is left. An empty file is one part without bytes, since an object is made of parts.
    """
    if waiting < least:
        return [waiting] if last else []
    # As many as may be: parts are stored side by side.
    count = max(-(-waiting // most), waiting // least)
    if waiting >= count * least:
        share, more = divmod(waiting, count)
        return [share + 1] * more + [share] * (count - more)
    rest = waiting - (count - 1) * most
    return [most] * (count - 1) + ([rest] if last else [])
