"""What a store that was killed while it made an object leaves: an upload that it cannot finish any more."""

from pathlib import Path

from sqlalchemy import text

from services.chain_of_custody.store import store_of
from shared.runtime import Runtime


def lose_upload(runtime: Runtime, upload_id: str) -> None:
    """The store knows the upload no more."""
    query = text("SELECT object_key, store_upload_id FROM chain_of_custody.uploads WHERE id = :id")
    with runtime.unit_of_work() as uow:
        row = uow.session.execute(query, {"id": upload_id}).one()
    store_of(runtime).abort(row.object_key, row.store_upload_id)


def lose_part_facts(minio_data: Path) -> int:
    """A MinIO server keeps the parts of unfinished uploads, but not what it knew of them; how many."""
    found = list((minio_data / ".minio.sys" / "multipart").rglob("part.*.meta"))
    for path in found:
        path.unlink()
    return len(found)
