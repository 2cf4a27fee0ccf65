"""The client of the S3 server from the settings, and reading its answers."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from shared.config import Settings, SettingsError
from shared.storage.errors import StoreUnavailable
from shared.storage.interface import CHUNK_SIZE

#: How long the address of a part holds; a part is stored at once.
_SIGNED_FOR = timedelta(minutes=15)


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


def is_loopback(client: Minio) -> bool:
    """Whether the server is this very machine, so that no wire lies between."""
    try:
        return ip_address(client._base_url.host.rpartition(":")[0] or client._base_url.host).is_loopback
    except ValueError:
        return False


def put_part_unsigned(
    client: Minio, bucket: str, key: str, upload_id: str, number: int, data: bytes | memoryview
) -> str:
    """Stores a part over a signed address, which leaves the body itself unsigned; its etag. Raises as the client does."""
    query: dict[str, str | list[str] | tuple[str]] = {"partNumber": str(number), "uploadId": upload_id}
    url = client.get_presigned_url("PUT", bucket, key, expires=_SIGNED_FOR, extra_query_params=query)
    answer = client._http.urlopen("PUT", url, body=data, preload_content=True)
    if answer.status == 200:
        return str(answer.headers.get("etag", "")).replace('"', "")
    if not answer.data:
        raise ServerError(f"server failed with HTTP status code {answer.status}", answer.status)
    raise S3Error.fromxml(answer)


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
