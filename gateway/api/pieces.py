"""The pieces into which the body of an upload is cut, and how they get to custody: in the message, or beside it.

While custody stores one piece the next is read; what has arrived meanwhile goes with it, up to what `SharedPiece` holds. A slow
sender's bytes are so handed on 5 MiB at a time, those of a fast one in fewer and larger steps.
"""

from typing import Protocol

from shared.bulk import BulkFile, BulkFolder

#: The least that is a part of a stored object by itself, so that custody need not keep what is left over.
PIECE = 5 * 1024 * 1024
#: The most that is handed over at once where it does not go in the message; custody stores it as parts side by side.
SHARED = 6 * PIECE


class Piece(Protocol):
    """Bytes that are being collected; `room` is a multiple of PIECE."""

    room: int

    def __len__(self) -> int: ...

    def write(self, data: bytes) -> None:
        """Adds bytes; there is room for them."""

    def sent(self) -> tuple[str, bytes]:
        """What goes into the request: further query arguments, and the body."""

    def close(self, *, answered: bool = False) -> None:
        """Ends the piece; `answered` where custody has answered and so reads it no more."""


class MessagePiece:
    """A piece that travels in the message itself."""

    room = PIECE

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        self._parts.append(data)
        self._size += len(data)

    def sent(self) -> tuple[str, bytes]:
        """No arguments, all bytes."""
        body = b"".join(self._parts)
        self._parts.clear()
        return "", body

    def close(self, *, answered: bool = False) -> None:
        """Forgets the bytes."""
        self._parts.clear()


class SharedPiece:
    """A piece in a file that custody reads."""

    room = SHARED

    def __init__(self, file: BulkFile, idle: list[BulkFile]) -> None:
        self._file, self._idle = file, idle

    def __len__(self) -> int:
        return self._file.size

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        self._file.write(data)

    def sent(self) -> tuple[str, bytes]:
        """The name of the file and how many bytes are in it."""
        return f"&piece={self._file.name}&size={self._file.size}", b""

    def close(self, *, answered: bool = False) -> None:
        """Keeps the file for the next piece, or removes it where custody may still be reading."""
        if answered:
            self._idle.append(self._file)
        else:
            self._file.close()


class PieceMaker:
    """Makes the pieces of one body: shared ones where there is a folder with room, else those that go in the message."""

    def __init__(self, folder: BulkFolder | None) -> None:
        self._folder = folder
        self._idle: list[BulkFile] = []

    def __enter__(self) -> "PieceMaker":
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the files; every piece has been closed by now."""
        while self._idle:
            self._idle.pop().close()

    def make(self) -> Piece:
        """A new piece, in a file that was used before where there is one: its memory is there already."""
        if self._idle:
            file = self._idle.pop()
            file.rewind()
            return SharedPiece(file, self._idle)
        made = self._folder.create(SHARED) if self._folder is not None else None
        return MessagePiece() if made is None else SharedPiece(made, self._idle)
