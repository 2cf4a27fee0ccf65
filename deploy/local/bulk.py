"""The folder in memory in which gateway and custody of one machine hand pieces of uploads to each other.

It lies outside the data folder, under a name that nobody can guess or occupy; `run/bulk` points at it, so that the next start
finds and removes what a killed launcher has left.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local.layout import Layout

_MEMORY = Path("/dev/shm")
_NAME = "SIGLAB_BULK_DIR"


def remove_bulk_folder(layout: Layout) -> None:
    """Removes the folder of the last run, where there is one."""
    try:
        folder = Path(os.readlink(layout.bulk))
    except OSError:
        return
    if folder.parent == _MEMORY and folder.name.startswith("siglab-") and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    layout.bulk.unlink(missing_ok=True)


def make_bulk_folder(layout: Layout, environment: Mapping[str, str]) -> dict[str, str]:
    """Makes a new one; the variable that names it. Nothing where the operator said otherwise, or there is no such memory."""
    if _NAME in environment or not os.access(_MEMORY, os.W_OK):
        return {}
    folder = tempfile.mkdtemp(prefix="siglab-", dir=_MEMORY)
    layout.bulk.symlink_to(folder)
    return {_NAME: folder}
