"""What a store may refuse; sentences for people, codes for programs."""

import errno

from shared.errors import Conflict, Invalid, NotFound, Unavailable


class StoreUnavailable(Unavailable):
    """The object store does not answer, or answers with a fault of its own."""

    code = "store_unavailable"


class StoreFull(StoreUnavailable):
    """There is no room left for objects."""

    code = "store_full"

    def __init__(self) -> None:
        super().__init__(
            "The object store is full: nothing can be stored until it has been given more room. "
            "What was stored before is unharmed.",
            retry_after=300,
        )


class ObjectDamaged(StoreUnavailable):
    """The store answers, but this object cannot be read as it was stored."""

    code = "object_damaged"


class LockNotHeld(StoreUnavailable):
    """What the store says about retention or legal hold is not what was set: its locks cannot be relied
    upon.
    """

    code = "store_lock_not_held"


class ObjectNotFound(NotFound):
    """The store has no such object in this version."""

    code = "object_not_found"


class UploadNotFound(NotFound):
    """The unfinished upload is not known (any more): it was aborted or never begun."""

    code = "upload_not_found"


class ObjectLocked(Conflict):
    """Retention or a legal hold forbids the act."""

    code = "object_locked"


class BadObject(Invalid):
    """A key, version, part or range that no store accepts."""

    code = "bad_object"


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_os_error(error: OSError) -> StoreUnavailable:
    """The refusal that an error of the file system means."""
    if error.errno in _FULL:
        return StoreFull()
    reason = error.strerror or type(error).__name__
    return StoreUnavailable(f"The object store's folder cannot be used: {reason}.", retry_after=30)
