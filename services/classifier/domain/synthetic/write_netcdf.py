"""Write small netCDF classic files (CDF-1) of fixed-size variables, as the generator of raw runs needs them."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

_CODES = {"S1": 2, "i2": 3, "i4": 4, "f4": 5, "f8": 6}


def netcdf_bytes(
    dimensions: Mapping[str, int],
    attributes: Mapping[str, str | int],
    variables: Sequence[tuple[str, Sequence[str], NDArray[Any], Mapping[str, str | float]]],
) -> bytes:
    """A netCDF classic file of `variables` (name, names of its dimensions, values, attributes)."""
    order = list(dimensions)
    arrays = [values.astype(values.dtype.newbyteorder(">")) for _, _, values, _ in variables]

    def header(begins: Sequence[int]) -> bytes:
        head = b"CDF\x01" + struct.pack(">I", 0)
        head += _tagged(0x0A, [_name(name) + struct.pack(">I", size) for name, size in dimensions.items()])
        head += _attributes(attributes)
        entries = []
        for (name, dims, _, own), values, begin in zip(variables, arrays, begins, strict=True):
            where = struct.pack(f">I{len(dims)}I", len(dims), *(order.index(each) for each in dims))
            size = values.nbytes + (-values.nbytes % 4)
            kind = struct.pack(">III", _CODES[values.dtype.str[1:]], size, begin)
            entries.append(_name(name) + where + _attributes(own) + kind)
        return head + _tagged(0x0B, entries)

    at, begins = len(header([0] * len(arrays))), []
    for values in arrays:
        begins.append(at)
        at += values.nbytes + (-values.nbytes % 4)
    return header(begins) + b"".join(_padded(values.tobytes()) for values in arrays)


def _padded(content: bytes) -> bytes:
    return content + b"\x00" * (-len(content) % 4)


def _name(name: str) -> bytes:
    content = name.encode()
    return struct.pack(">I", len(content)) + _padded(content)


def _tagged(tag: int, entries: Sequence[bytes]) -> bytes:
    return struct.pack(">II", tag if entries else 0, len(entries)) + b"".join(entries)


def _attributes(attributes: Mapping[str, Any]) -> bytes:
    entries = []
    for name, value in attributes.items():
        if isinstance(value, str):
            content = value.encode("latin-1", "replace")
            entries.append(_name(name) + struct.pack(">II", 2, len(content)) + _padded(content))
        elif isinstance(value, int):
            entries.append(_name(name) + struct.pack(">IIi", 4, 1, value))
        else:
            entries.append(_name(name) + struct.pack(">IId", 6, 1, value))
    return _tagged(0x0C, entries)
