"""What the answers of an S3 server are taken for."""

import pytest
from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import MaxRetryError

from shared.config import SettingsError, load_settings
from shared.errors import DomainError
from shared.storage import open_store
from shared.storage.errors import (
    BadObject,
    ObjectLocked,
    ObjectNotFound,
    StoreFull,
    StoreUnavailable,
    UploadNotFound,
)
from shared.storage.s3_errors import s3_errors


def answer(code: str, message: str = "said the server") -> S3Error:
    return S3Error(None, code, message, "/bucket/key", "1", "2")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answer("NoSuchKey"), ObjectNotFound),
        (answer("NoSuchVersion"), ObjectNotFound),
        (answer("InvalidArgument", "Invalid version id specified"), ObjectNotFound),
        (answer("InvalidArgument", "something else"), StoreUnavailable),
        (answer("NoSuchUpload"), UploadNotFound),
        (answer("EntityTooSmall"), BadObject),
        (answer("InvalidPart"), BadObject),
        (answer("XMinioStorageFull"), StoreFull),
        (answer("AccessDenied"), StoreUnavailable),
        (answer("SignatureDoesNotMatch"), StoreUnavailable),
        (ServerError("server failed", 507), StoreFull),
        (ServerError("server failed", 502), StoreUnavailable),
        (InvalidResponseError(507, "text/html", "<html>"), StoreFull),
        (InvalidResponseError(200, "text/html", "<html>"), StoreUnavailable),
        (MaxRetryError(None, "/", None), StoreUnavailable),  # type: ignore[arg-type]
    ],
)
def test_answers_become_refusals(error: Exception, meaning: type[DomainError]) -> None:
    with pytest.raises(DomainError) as caught, s3_errors():
        raise error
    assert type(caught.value) is meaning


def test_a_denial_is_a_lock_only_where_a_lock_was_tried() -> None:
    with pytest.raises(ObjectLocked), s3_errors(lock=True):
        raise answer("AccessDenied")


def test_a_bad_request_is_an_unknown_version_only_for_head() -> None:
    with pytest.raises(ObjectNotFound), s3_errors(head=True):
        raise answer("BadRequest")
    with pytest.raises(StoreUnavailable), s3_errors():
        raise answer("BadRequest")


SETTINGS = {
    "SIGLAB_S3_ENDPOINT": "http://127.0.0.1:9",
    "SIGLAB_S3_ACCESS_KEY": "a",
    "SIGLAB_S3_SECRET_KEY": "b",
}


def test_opening_asks_nothing_of_the_server() -> None:
    opened = open_store(load_settings(SETTINGS))
    assert opened.kind == "s3"
    assert not opened.capabilities().object_lock


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SIGLAB_S3_ENDPOINT": "ftp://host"}, "of the form"),
        ({"SIGLAB_S3_ENDPOINT": "http://host/path"}, "of the form"),
        ({"SIGLAB_S3_SECRET_KEY": ""}, "needs SIGLAB_S3_ACCESS_KEY and SIGLAB_S3_SECRET_KEY"),
    ],
)
def test_wrong_settings_are_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        open_store(load_settings(SETTINGS | change))
