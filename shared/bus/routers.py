"""The broker's two ROUTER sockets and the gatekeeper of their connections (ZAP, https://rfc.zeromq.org/spec/27/).

One thread owns all of it. A connection's key comes with each of its messages as the ZMTP property `User-Id`; what the
key stands for is looked up for each message, so that a key taken off the list is refused at once, open connection or
not.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import zmq

from shared.bus.curve import key_text, load_allow_list, load_secret_key
from shared.bus.monitor import watch
from shared.bus.sockets import get_context, open_router

_ZAP_ADDRESS = "inproc://zeromq.zap.01"
#: Messages taken from one socket before the other has its turn.
_BATCH = 64
#: Connections whose key is remembered.
_REMEMBERED = 4096


class Delivery(Enum):
    """What became of a send: `GONE` the connection does not exist any more, `FULL` the peer does not read."""

    SENT = "sent"
    GONE = "gone"
    FULL = "full"


class RouterPair:
    """Front and back ROUTER of the broker; side 0 is the front, 1 the back."""

    def __init__(
        self, frontend: str, backend: str, keys_dir: Path, on_denied: Callable[[str, str], None]
    ) -> None:
        self._keys_dir = keys_dir
        self._on_denied = on_denied
        self.allowed = load_allow_list(keys_dir)
        secret = load_secret_key(keys_dir, "broker")
        self._zap = get_context().socket(zmq.REP)
        self._zap.setsockopt(zmq.LINGER, 0)
        self._zap.bind(_ZAP_ADDRESS)
        self._routers = (open_router(frontend, secret), open_router(backend, secret))
        self._keys: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
        for router, name in zip(self._routers, ("bus frontend", "bus backend"), strict=True):
            watch(router, name)
        self._poller = zmq.Poller()
        for socket in (self._zap, *self._routers):
            self._poller.register(socket, zmq.POLLIN)

    def reload(self) -> None:
        """Reads the allow-list again."""
        self.allowed = load_allow_list(self._keys_dir)

    def receive(self, timeout_ms: int) -> Iterator[tuple[int, bytes, str | None, list[bytes]]]:
        """Waits for messages, then yields (side, peer, party, frames) of those that are there."""
        ready = dict(self._poller.poll(timeout_ms))
        if self._zap in ready:
            self._answer_zap()
        for side, router in enumerate(self._routers):
            if router in ready:
                for _ in range(_BATCH):
                    try:
                        peer = router.recv(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    key, frames = self._receive_rest(side, router, peer)
                    yield side, peer, self.allowed.get(key), frames

    def send(self, side: int, peer: bytes, frames: list[bytes]) -> Delivery:
        """Sends at once or not at all."""
        try:
            self._routers[side].send_multipart([peer, *frames])
        except zmq.Again:
            return Delivery.FULL
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._keys[side].pop(peer, None)
            return Delivery.GONE
        return Delivery.SENT

    def close(self) -> None:
        """Closes the sockets; what was sent but has not left is lost."""
        for socket in (*self._routers, self._zap):
            socket.close()

    def _receive_rest(self, side: int, router: "zmq.Socket[bytes]", peer: bytes) -> tuple[bytes, list[bytes]]:
        keys = self._keys[side]
        key = keys.get(peer)
        if key is not None:
            return key, router.recv_multipart()
        first = router.recv(copy=False)
        frames = [first.bytes]
        if first.more:
            frames += router.recv_multipart()
        key = str(first.get("User-Id")).encode()
        # Ids that the ROUTER gave begin with a zero byte and are not used again; others could be taken over.
        if peer.startswith(b"\0"):
            if len(keys) >= _REMEMBERED:
                keys.clear()
            keys[peer] = key
        return key, frames

    def _answer_zap(self) -> None:
        version, id_, _domain, address, _identity, mechanism, *credentials = self._zap.recv_multipart()
        key = key_text(credentials[0]) if mechanism == b"CURVE" and len(credentials) == 1 else b""
        if key in self.allowed:
            self._zap.send_multipart([version, id_, b"200", b"OK", key, b""])
        else:
            self._on_denied(address.decode("ascii", "replace"), key.decode("ascii", "replace"))
            self._zap.send_multipart([version, id_, b"400", b"unknown key", b"", b""])
