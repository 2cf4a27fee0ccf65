"""What the answers of an S3 server mean."""

from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from shared.errors import DomainError
from shared.storage.errors import (
    BadObject,
    ObjectLocked,
    ObjectNotFound,
    StoreFull,
    StoreUnavailable,
    UploadNotFound,
)

_ABSENT = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "InvalidVersionId"}
_LOCKED = {"ObjectLocked", "AccessDenied", "InvalidRequest", "WORMProtected"}
_BAD_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "EntityTooLarge"}
_FULL = {"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"}
_INSUFFICIENT_STORAGE = 507


@contextmanager
def s3_errors(*, lock: bool = False, head: bool = False) -> Iterator[None]:
    """Turns errors of the client into the store's refusals.

    With `lock`, a denial means that a lock holds. With `head`, a bad request means a version id that the
    server could not have given: the answer to HEAD has no body that would say so.
    """
    try:
        yield
    except S3Error as error:
        raise _from_code(error, lock, head) from error
    except (ServerError, InvalidResponseError) as error:
        raise _from_status(error) from error
    except (MinioException, HTTPError) as error:
        raise _unavailable(type(error).__name__) from error


def _from_code(error: S3Error, lock: bool, head: bool) -> DomainError:
    code = str(error.code)
    if lock and code in _LOCKED:
        return ObjectLocked(f"The object is locked: {error.message}")
    if (
        code in _ABSENT
        or (head and code == "BadRequest")
        or (code == "InvalidArgument" and "version" in str(error.message).lower())
    ):
        return ObjectNotFound("The store has no such object in this version.")
    if code == "NoSuchUpload":
        return UploadNotFound("There is no such unfinished upload.")
    if code in _BAD_PARTS:
        return BadObject(f"The store refuses the parts: {error.message}")
    if code in _FULL:
        return StoreFull()
    return _unavailable(code)


def _from_status(error: ServerError | InvalidResponseError) -> DomainError:
    status = getattr(error, "status_code", None) or getattr(error, "_code", None)
    if status == _INSUFFICIENT_STORAGE:
        return StoreFull()
    return _unavailable(f"status {status}")


def _unavailable(reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"The object store does not do what it should ({reason}).", retry_after=10)
