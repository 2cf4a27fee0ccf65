"""The body of an upload's PATCH, read in pieces while it arrives, and what is done with one that was refused."""

import re
from collections.abc import Callable, Iterator

from gateway.api.pieces import PIECE, MessagePiece, Piece
from gateway.api.request import Environ
from shared.errors import Malformed, TooLarge

#: A whole number as headers write it.
WHOLE = re.compile(r"[0-9]{1,19}")
#: Small enough that little is lost of what a broken connection had brought.
_READ = 512 * 1024
#: So much of a refused body is read and dropped: a client that is cut off while it sends never sees the answer.
_DISCARDED = 8 * 1024 * 1024


class Body:
    """The body of a PATCH; `broken` tells, after the pieces, that the client broke off before the end that it had announced."""

    def __init__(self, environ: Environ, room: int) -> None:
        """`room` is what the upload still lacks; raises TooLarge, before anything is read, for a body announced longer."""
        self._stream = environ["wsgi.input"]
        self.broken = False
        declared = environ.get("CONTENT_LENGTH") or ""
        self._announced: int | None = None
        if declared:
            if not WHOLE.fullmatch(declared):
                raise Malformed("Content-Length is not a whole number.")
            self._announced = int(declared)
        elif not environ.get("wsgi.input_terminated"):
            self._announced = 0
        if self._announced is not None and self._announced > room:
            raise TooLarge(f"The upload lacks {room} bytes; this body has {self._announced}.")
        self._room = room

    def pieces(
        self, make: Callable[[], Piece] = MessagePiece, may_go: Callable[[], bool] = lambda: True
    ) -> Iterator[Piece]:
        """The bytes as they come: a piece has PIECE of them or, while `may_go` says no, a multiple up to its room.

        Raises TooLarge where an unannounced body goes beyond the room.
        """
        # One byte more than fits is asked for, so that a body that is too long is noticed.
        left = self._room + 1 if self._announced is None else self._announced
        taken = 0
        while left and not self.broken:
            piece = make()
            try:
                ended = self._fill(piece, left, may_go)
                taken, left = taken + len(piece), left - len(piece)
                if taken > self._room:
                    raise TooLarge(f"The upload lacked {self._room} bytes; this body has more.")
            except BaseException:
                piece.close()
                raise
            self.broken = self.broken or (ended and self._announced is not None)
            if len(piece):
                yield piece
            else:
                piece.close()
            if ended:
                return

    def _fill(self, piece: Piece, left: int, may_go: Callable[[], bool]) -> bool:
        """Reads into a piece until it should go; whether the body ended."""
        most = min(piece.room, left)
        while len(piece) < most:
            part = self.read(min(_READ, PIECE - len(piece) % PIECE, most - len(piece)))
            if not part:
                return True
            piece.write(part)
            del part
            if len(piece) % PIECE == 0 and may_go():
                return False
        return False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end, or where the connection breaks."""
        try:
            return bytes(self._stream.read(size))
        except OSError:
            self.broken = True
            return b""


def discard(environ: Environ) -> None:
    """Reads what is still to come of a body that was refused, up to a limit; not from a client that waits to be asked for it."""
    if "HTTP_EXPECT" in environ:
        return
    left = _DISCARDED
    rest = Body({**environ, "CONTENT_LENGTH": str(left)}, left)
    while left and not rest.broken:
        part = rest.read(min(_READ, left))
        if not part:
            return
        left -= len(part)
