"""Sockets and their options, all in one place.

A context belongs to one process: one that was made before a fork hangs in the child. So there is one per pid, made when
first asked for.
"""

import os
from pathlib import Path

import zmq

from shared.bus.curve import load_public_keys, load_secret_key
from shared.bus.protocol import MAX_BODY

#: A message may be a body of MAX_BODY with its header; anything larger ends the connection.
MAX_MESSAGE = MAX_BODY + 1024 * 1024
#: How long a send waits for a connection that is not there (yet), in milliseconds.
SEND_TIMEOUT = 500
#: Messages a socket keeps on each side; credits bound them below this, so a full queue means a peer that does not read.
HIGH_WATER = 256
#: ZMTP's own heartbeats, which also close the connection of a peer that was frozen or cut off.
HEARTBEAT_IVL, HEARTBEAT_TIMEOUT = 1000, 3000

_contexts: dict[int, "zmq.Context[zmq.Socket[bytes]]"] = {}


def get_context() -> "zmq.Context[zmq.Socket[bytes]]":
    """The context of this process."""
    pid = os.getpid()
    context = _contexts.get(pid)
    if context is None:
        context = _contexts.setdefault(pid, zmq.Context())
    return context


def open_dealer(address: str, keys_dir: Path, party: str, *, linger: int = 0) -> "zmq.Socket[bytes]":
    """A DEALER that connects to the broker as `party`; `linger` is in milliseconds.

    Several threads may ask at once. IMMEDIATE: nothing is queued for a broker that is not there, and what was queued
    for one that has died is dropped, not delivered to the next.
    """
    secret = load_secret_key(keys_dir, party)
    server = load_public_keys(keys_dir, "broker")[0]
    socket = get_context().socket(zmq.DEALER)
    _set_common(socket)
    socket.setsockopt(zmq.LINGER, linger)
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.SNDTIMEO, SEND_TIMEOUT)
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
    socket.curve_secretkey = secret
    socket.curve_publickey = zmq.curve_public(secret)
    socket.curve_serverkey = server
    socket.connect(address)
    return socket


def open_router(address: str, secret: bytes) -> "zmq.Socket[bytes]":
    """A bound ROUTER, the CURVE server; a send to a peer that is gone or does not read raises instead of being dropped."""
    socket = get_context().socket(zmq.ROUTER)
    _set_common(socket)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.setsockopt(zmq.SNDTIMEO, 0)
    socket.setsockopt(zmq.ZAP_DOMAIN, b"siglab")
    socket.curve_server = True
    socket.curve_secretkey = secret
    socket.bind(address)
    return socket


def _set_common(socket: "zmq.Socket[bytes]") -> None:
    socket.setsockopt(zmq.SNDHWM, HIGH_WATER)
    socket.setsockopt(zmq.RCVHWM, HIGH_WATER)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_IVL)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
