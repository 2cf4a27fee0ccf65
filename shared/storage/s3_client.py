"""The client of the S3 server from the settings, and reading its answers."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from shared.config import Settings, SettingsError
from shared.storage.errors import StoreUnavailable
from shared.storage.interface import CHUNK_SIZE


def connect(settings: Settings) -> Minio:
    """The client for the configured endpoint; makes no connection yet."""
    return _client("SIGLAB_S3", settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key)


def connect_mirror(settings: Settings) -> Minio:
    """The client for the endpoint of the second copies."""
    return _client(
        "SIGLAB_S3_MIRROR",
        settings.s3_mirror_endpoint,
        settings.s3_mirror_access_key,
        settings.s3_mirror_secret_key,
    )


def _client(name: str, endpoint: str | None, access_key: str | None, secret_key: str | None) -> Minio:
    endpoint = endpoint or ""
    parts = urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise SettingsError(f"{name}_ENDPOINT is of the form https://host:port.")
    if not access_key or not secret_key:
        raise SettingsError(f"{name}_ENDPOINT needs {name}_ACCESS_KEY and {name}_SECRET_KEY.")
    http = urllib3.PoolManager(
        maxsize=16,
        timeout=urllib3.Timeout(connect=5, read=60),
        retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
    )
    return Minio(
        parts.netloc,
        access_key=access_key,
        secret_key=secret_key,
        secure=parts.scheme == "https",
        http_client=http,
    )


def chunks_of(answer: urllib3.BaseHTTPResponse, wanted: int) -> Iterator[bytes]:
    """The body of an answer, `wanted` bytes of it; less is an error. The connection goes back when it ends."""
    try:
        while wanted:
            try:
                chunk = answer.read(min(CHUNK_SIZE, wanted))
            except (HTTPError, MinioException) as error:
                raise StoreUnavailable("The object store broke off while it was read.") from error
            if not chunk:
                raise StoreUnavailable("The object store gave less than the object holds.")
            wanted -= len(chunk)
            yield chunk
    finally:
        answer.close()
        answer.release_conn()
