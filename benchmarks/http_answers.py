"""Answers of HTTP as they come in pieces over a plain socket."""


def is_whole(answer: bytes, status: int) -> bool:
    """Whether all of an answer is there; raises RuntimeError where its status is another one."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    if not head.startswith(b"HTTP/1.1 %d" % status):
        raise RuntimeError(f"answered with {answer[:500]!r}, not with {status}")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return len(body) >= int(length.split(b":")[1])
