"""How much room a MinIO server has left, from its own metrics: S3 itself has no call that tells.

The server gives them to whoever bears a token signed with its root user's secret key. Another S3, or other keys, answer with a
refusal, and then it is not known.
"""

import base64
import hashlib
import hmac
import json
import re
import time

import urllib3
from minio import Minio
from urllib3.exceptions import HTTPError

_PATH = "/minio/metrics/v3/cluster/health"
_FREE = re.compile(
    r"^minio_cluster_health_capacity_usable_free_bytes(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE
)
_TOKEN_SECONDS = 60
_PATIENCE = urllib3.Timeout(connect=2, read=5)
_MOST_BYTES = 1 << 20
_OK = 200


def ask_free_bytes(client: Minio) -> int | None:
    """Bytes that can still be written, None where the server does not tell."""
    login = client._provider.retrieve() if client._provider else None
    if login is None:
        return None
    scheme = "https" if client._base_url.is_https else "http"
    headers = {"Authorization": f"Bearer {_token(login.access_key, login.secret_key)}"}
    try:
        answer = client._http.urlopen(
            "GET",
            f"{scheme}://{client._base_url.host}{_PATH}",
            headers=headers,
            retries=False,
            timeout=_PATIENCE,
            redirect=False,
            preload_content=False,
        )
        try:
            text = answer.read(_MOST_BYTES).decode(errors="replace") if answer.status == _OK else ""
        finally:
            answer.close()
            answer.release_conn()
    except HTTPError:
        return None
    found = _FREE.search(text)
    return None if found is None else int(float(found[1]))


def _token(access_key: str, secret_key: str) -> str:
    """A token as MinIO's own command makes for a collector of metrics, but for a minute only (JWT, HS512)."""
    claims = {"exp": int(time.time()) + _TOKEN_SECONDS, "sub": access_key, "iss": "prometheus"}
    signed = f"{_part({'alg': 'HS512', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(secret_key.encode(), signed.encode(), hashlib.sha512).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
