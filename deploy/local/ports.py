"""Ports of the loopback address: whether one is free, and free ones for the inner connections."""

import random
import socket
from contextlib import ExitStack

HOST = "127.0.0.1"
#: Below the range from which Linux takes the near ends of outgoing connections (32768 on), which could take a port again
#: between its choice and its use.
_RANGE = range(20000, 32000)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        return _binds(probe, port)


def free_ports(count: int) -> list[int]:
    """That many different free ports."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(_RANGE, len(_RANGE)):
            if _binds(held.enter_context(socket.socket()), port):
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")


def _binds(probe: socket.socket, port: int) -> bool:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, port))
        probe.listen(1)
    except OSError:
        return False
    return True
