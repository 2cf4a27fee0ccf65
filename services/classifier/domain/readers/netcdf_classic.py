"""A bounded reader of netCDF classic files (CDF-1 and CDF-2; Unidata, "NetCDF Classic Format Specification").

Every size that the header declares is compared with the size of the file before anything is allocated, so that a truncated
file or one that claims gigabytes is refused at once. Data is read by offset, never mapped.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError

MAX_FILE_BYTES = 2**31
MAX_HEADER_BYTES = 4 * 2**20
MAX_ENTRIES = 5000
MAX_NAME_BYTES = 1024
_TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8"}
_DIMENSION, _VARIABLE, _ATTRIBUTE = 0x0A, 0x0B, 0x0C
_STREAMING = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's place in the file: `shape` counts the records first where it `is_record`."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_record: bool
    begin: int
    attributes: Mapping[str, Any]


class NetcdfFile:
    """A netCDF classic file that was opened and whose header was checked against the file's size."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.size = os.fstat(handle.fileno()).st_size
        if self.size > MAX_FILE_BYTES:
            raise ReaderError(f"the file has {self.size} bytes; at most {MAX_FILE_BYTES} are read")
        header = _Header(handle.read(MAX_HEADER_BYTES), self.size)
        header.parse()
        self.attributes: Mapping[str, Any] = header.attributes
        self.dimensions: Mapping[str, int] = dict(header.dimensions)
        self.variables: Mapping[str, Variable] = header.variables
        self._record_bytes = header.record_bytes
        self._records = header.records

    def array(self, name: str) -> NDArray[Any]:
        """The values of a variable, as stored; raises ReaderError where it is not there or the file ends before it does."""
        variable = self.variables.get(name)
        if variable is None:
            raise ReaderError(f"the file has no variable {name!r}")
        count = int(np.prod(variable.shape, dtype=object)) if variable.shape else 1
        own = count * variable.dtype.itemsize
        if variable.is_record:
            own = self._record_bytes * self._records - (self._record_bytes - self._each(variable))
        if count == 0:
            return np.zeros(variable.shape, variable.dtype)
        if variable.begin + own > self.size:
            raise ReaderError(
                f"the file is truncated: {name!r} is declared up to byte {variable.begin + own}, "
                f"but the file ends at byte {self.size}"
            )
        self._handle.seek(variable.begin)
        raw = self._handle.read(own)
        if len(raw) != own:
            raise ReaderError(f"the file ended while {name!r} was read")
        if not variable.is_record:
            return np.frombuffer(raw, variable.dtype).reshape(variable.shape)
        step = np.zeros(self._record_bytes * self._records, np.uint8)
        step[:own] = np.frombuffer(raw, np.uint8)
        rows = step.reshape(self._records, self._record_bytes)[:, : self._each(variable)]
        return np.ascontiguousarray(rows).view(variable.dtype).reshape(variable.shape)

    def text(self, name: str) -> str:
        """A variable of characters as text; empty where there is none."""
        variable = self.variables.get(name)
        if variable is None or variable.dtype.kind != "S":
            return ""
        return self.array(name).tobytes().decode("latin-1").replace("\x00", " ").strip()

    @staticmethod
    def _each(variable: Variable) -> int:
        return int(np.prod(variable.shape[1:], dtype=object)) * variable.dtype.itemsize


class _Header:
    """The header's bytes, read field by field; each step makes sure that the bytes are there."""

    def __init__(self, content: bytes, file_size: int) -> None:
        self._content, self._at, self._size = content, 0, file_size
        self.attributes: dict[str, Any] = {}
        self.dimensions: list[tuple[str, int]] = []
        self.variables: dict[str, Variable] = {}
        self.records = 0
        self.record_bytes = 0

    def parse(self) -> None:
        magic = self._take(4)
        if magic[:3] != b"CDF" or magic[3] not in (1, 2):
            raise ReaderError("the file does not begin as a netCDF classic file does")
        self._offset_bytes = 4 if magic[3] == 1 else 8
        records = self._number()
        self.dimensions = [(self._name(), self._number()) for _ in range(self._list(_DIMENSION))]
        self.attributes = self._attributes()
        found = [self._variable() for _ in range(self._list(_VARIABLE))]
        self._lay_out(found, records)

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._content):
            more = "the header is longer than is read" if self._size > len(self._content) else "the file ends"
            raise ReaderError(f"{more} inside the netCDF header, at byte {len(self._content)}")
        self._at += count
        return self._content[self._at - count : self._at]

    def _number(self) -> int:
        return int(struct.unpack(">I", self._take(4))[0])

    def _list(self, tag: int) -> int:
        kind, count = self._number(), self._number()
        if kind not in (tag, 0) or (kind == 0 and count):
            raise ReaderError(f"the netCDF header has an unexpected mark {kind} before byte {self._at}")
        if count > MAX_ENTRIES:
            raise ReaderError(
                f"the netCDF header declares {count} entries in a list; at most {MAX_ENTRIES} are read"
            )
        return count

    def _padded(self, count: int) -> bytes:
        content = self._take(count)
        self._take(-count % 4)
        return content

    def _name(self) -> str:
        count = self._number()
        if count > MAX_NAME_BYTES:
            raise ReaderError(f"the netCDF header declares a name of {count} bytes before byte {self._at}")
        return self._padded(count).decode("utf-8", "replace")

    def _dtype(self) -> np.dtype[Any]:
        kind = self._number()
        if kind not in _TYPES:
            raise ReaderError(f"the netCDF header names an unknown type {kind} before byte {self._at}")
        return np.dtype(_TYPES[kind])

    def _attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self._list(_ATTRIBUTE)):
            name, dtype, count = self._name(), self._dtype(), self._number()
            raw = self._padded(count * dtype.itemsize)
            if dtype.kind == "S":
                found[name] = raw.decode("latin-1").rstrip("\x00").strip()
            else:
                values = np.frombuffer(raw, dtype)
                found[name] = values[0].item() if len(values) == 1 else values.tolist()
        return found

    def _variable(self) -> tuple[str, list[int], dict[str, Any], np.dtype[Any], int]:
        name, rank = self._name(), self._number()
        if rank > 32:
            raise ReaderError(f"the variable {name[:40]!r} declares {rank} dimensions")
        dimensions = [self._number() for _ in range(rank)]
        if any(each >= len(self.dimensions) for each in dimensions):
            raise ReaderError(f"the variable {name[:40]!r} names a dimension that is not there")
        attributes, dtype, _ = self._attributes(), self._dtype(), self._number()
        begin = int.from_bytes(self._take(self._offset_bytes), "big")
        return name, dimensions, attributes, dtype, begin

    def _lay_out(
        self, found: list[tuple[str, list[int], dict[str, Any], np.dtype[Any], int]], records: int
    ) -> None:
        """Give each variable its shape; the bytes of one record follow from all record variables together."""
        sizes = [size for _, size in self.dimensions]
        names = [name for name, *_ in found]
        if len(set(names)) != len(names):
            raise ReaderError("the netCDF header names a variable twice")
        each: dict[str, int] = {}
        for name, dims, _, dtype, _ in found:
            if dims and sizes[dims[0]] == 0:
                each[name] = int(np.prod([sizes[d] for d in dims[1:]], dtype=object)) * dtype.itemsize
        padded = {name: size + (-size % 4) for name, size in each.items()}
        self.record_bytes = sum(each.values()) if len(each) == 1 else sum(padded.values())
        first = min((begin for name, _, _, _, begin in found if name in each), default=self._size)
        if records == _STREAMING:
            records = max(0, self._size - first) // self.record_bytes if self.record_bytes else 0
        self.records = records if each else 0
        if self.record_bytes * self.records > self._size:
            raise ReaderError(
                f"the file is truncated: it declares {self.records} records of {self.record_bytes} bytes, "
                f"but has {self._size} bytes"
            )
        for name, dims, attributes, dtype, begin in found:
            is_record = name in each
            shape = tuple(sizes[d] for d in dims)
            shape = (self.records, *shape[1:]) if is_record else shape
            self.variables[name] = Variable(name, dtype, shape, is_record, begin, attributes)


def open_netcdf(path: Path) -> tuple[BinaryIO, NetcdfFile]:
    """Open a file and check its header; the caller closes the handle. Raises ReaderError."""
    try:
        handle = path.open("rb")
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    try:
        return handle, NetcdfFile(handle)
    except BaseException:
        handle.close()
        raise
