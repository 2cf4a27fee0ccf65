"""Object storage: one contract (`interface`), kept by a folder (`directory`) and by S3 (`s3`)."""

from shared.config import Settings, SettingsError
from shared.storage.directory import DirectoryStore
from shared.storage.interface import ObjectStore
from shared.storage.s3 import S3Store
from shared.storage.s3_client import connect, connect_mirror

__all__ = ["ObjectStore", "open_mirror", "open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """The configured store: S3 where an endpoint is set, else the folder `objects` of the data folder.

    Nothing is written or asked yet; `prepare` does that when the process starts.
    """
    if settings.s3_endpoint:
        return S3Store(connect(settings), settings.s3_bucket)
    return DirectoryStore(settings.data_dir / "objects")


def open_mirror(settings: Settings) -> ObjectStore | None:
    """The store of the second copies: S3 or a folder, None where neither is set. Raises SettingsError where it is the first."""
    if settings.s3_mirror_endpoint and settings.mirror_dir:
        raise SettingsError("SIGLAB_S3_MIRROR_ENDPOINT and SIGLAB_MIRROR_DIR exclude each other.")
    if settings.s3_mirror_endpoint:
        place = (settings.s3_mirror_endpoint, settings.s3_mirror_bucket)
        if place == (settings.s3_endpoint, settings.s3_bucket):
            raise SettingsError(
                "SIGLAB_S3_MIRROR_ENDPOINT and its bucket name the first store, not a second."
            )
        return S3Store(connect_mirror(settings), settings.s3_mirror_bucket)
    if settings.mirror_dir:
        if not settings.s3_endpoint and settings.mirror_dir == settings.data_dir / "objects":
            raise SettingsError("SIGLAB_MIRROR_DIR is the folder of the first store; name another.")
        return DirectoryStore(settings.mirror_dir)
    return None
