"""Object storage: one contract (`interface`), kept by a folder (`directory`) and by S3 (`s3`)."""

from shared.config import Settings
from shared.storage.directory import DirectoryStore
from shared.storage.interface import ObjectStore
from shared.storage.s3 import S3Store
from shared.storage.s3_client import connect

__all__ = ["ObjectStore", "open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """The configured store: S3 where an endpoint is set, else the folder `objects` of the data folder.

    Nothing is written or asked yet; `prepare` does that when the process starts.
    """
    if settings.s3_endpoint:
        return S3Store(connect(settings), settings.s3_bucket)
    return DirectoryStore(settings.data_dir / "objects")
