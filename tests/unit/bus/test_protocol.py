"""The control frame: what is written is read again, and nothing else is."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.protocol import (
    CONTROL_SIZE,
    MAX_HEADER,
    Control,
    Kind,
    ProtocolError,
    Status,
    check_frames,
    decode,
    fairness_digest,
)

CONTROL = Control(Kind.REQ, bytes(range(16)), "chain_of_custody", 15_000, 8, fairness=fairness_digest("anna"))

controls = st.builds(
    Control,
    kind=st.sampled_from(Kind),
    id=st.binary(min_size=16, max_size=16),
    service=st.text("abcdefghijklmnopqrstuvwxyz_-0123456789", max_size=32),
    deadline_ms=st.integers(0, 2**32 - 1),
    credits=st.integers(0, 2**16 - 1),
    status=st.sampled_from(Status),
    retry_after=st.integers(0, 255),
    fairness=st.binary(min_size=8, max_size=8),
)


@given(controls)
def test_what_is_written_is_read_again(control: Control) -> None:
    frame = control.encode()
    assert len(frame) == CONTROL_SIZE
    assert decode(frame) == control


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_rubbish_gives_the_specific_error(frames: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        check_frames(frames)


@given(st.binary(min_size=CONTROL_SIZE, max_size=CONTROL_SIZE))
def test_rubbish_of_the_right_length_gives_the_specific_error(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(frame)


@given(st.integers(0, CONTROL_SIZE - 1), st.integers(0, 255))
def test_one_changed_byte_is_read_or_refused_but_never_crashes(place: int, value: int) -> None:
    frame = bytearray(CONTROL.encode())
    frame[place] = value
    try:
        changed = decode(bytes(frame))
    except ProtocolError:
        return
    assert changed == CONTROL or changed.encode() == bytes(frame)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, b"SIG2", "protocol version"),
        (4, b"\x00", "unknown kind 0"),
        (4, b"\x08", "unknown kind 8"),
        (6, struct.pack(">H", 418), "unknown status 418"),
        (14, b"\x00\x01", "reserved"),
        (40, b"in take", "bytes that no name has"),
        (40, b"\x00take", "bytes that no name has"),
        (40, b"\xc3\xa9", "bytes that no name has"),
    ],
)
def test_each_wrong_field_is_named(place: int, value: bytes, words: str) -> None:
    frame = bytearray(CONTROL.encode())
    frame[place : place + len(value)] = value
    with pytest.raises(ProtocolError, match=words):
        decode(bytes(frame))


@pytest.mark.parametrize("size", [0, 1, CONTROL_SIZE - 1, CONTROL_SIZE + 1])
def test_a_frame_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ProtocolError, match=f"control frame of {size} bytes"):
        decode(CONTROL.encode().ljust(size, b"\0")[:size])


def test_a_message_has_three_frames_and_a_header_of_bounded_size() -> None:
    with pytest.raises(ProtocolError, match="2 frames instead of 3"):
        check_frames([CONTROL.encode(), b""])
    with pytest.raises(ProtocolError, match="too long"):
        check_frames([CONTROL.encode(), bytes(MAX_HEADER + 1), b""])
    assert check_frames([CONTROL.encode(), bytes(MAX_HEADER), b""]) == CONTROL


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CONTROL, deadline_ms=2**32),
        replace(CONTROL, credits=-1),
        replace(CONTROL, service="a" * 33),
        replace(CONTROL, service="in/take"),
        replace(CONTROL, service="prüfung"),
    ],
)
def test_values_that_do_not_fit_are_not_written(wrong: Control) -> None:
    with pytest.raises(ProtocolError):
        wrong.encode()


def test_fairness_keys_are_told_apart_and_no_key_is_no_key() -> None:
    assert fairness_digest("") == bytes(8)
    assert len({fairness_digest(name) for name in ("anna", "ben", "", "anna ")}) == 4
