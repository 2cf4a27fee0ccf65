"""The user that PostgreSQL runs as: this one, or `nobody` where this one is root, as whom PostgreSQL refuses to run."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StartRefused
from deploy.local.preflight import nearest_folder

_USER = "nobody"
#: Rights that let another user pass folders closed to it, the least first; none where none is closed.
_RIGHTS = ("", "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """Who runs the server: `prefix` stands before its command; `uid` is None where nothing changes."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Makes the path this account's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def give_all(self, folder: Path) -> None:
        """Makes a folder and all below it this account's own."""
        for place, _, files in os.walk(folder):
            for path in (Path(place), *(Path(place, name) for name in files)):
                self.give(path)


def account_for(data_dir: Path, binaries: Path) -> Account:
    """Finds by trying with which rights the server's programs can be run and the data folder be reached.

    A folder above may be closed to others (mode 0700). As root the server is then lent, by setpriv, the capability to pass it
    all the same; the capability opens folders only and leaves the server's user what it is.
    """
    if os.geteuid() != 0:
        return Account()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StartRefused(
            "PostgreSQL does not run as root, and setpriv (package util-linux), which changes the user, is missing"
        )
    try:
        user = pwd.getpwnam(_USER)
    except KeyError:
        raise StartRefused(
            f"PostgreSQL does not run as root, and this machine has no user {_USER!r}; run as an ordinary user"
        ) from None
    said = ""
    for right in _RIGHTS:
        prefix = [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        # access(2), by which PostgreSQL looks for its own files, heeds capabilities of a user other than root only with this bit.
        prefix += (
            [f"--inh-caps=+{right}", f"--ambient-caps=+{right}", "--securebits=+no_setuid_fixup"]
            if right
            else []
        )
        # The kernel forgets the parent-death signal when a process changes its user.
        prefix += ["--pdeathsig", "keep"]
        script = 'cd "$1" && "$2/pg_config" --bindir >/dev/null && exec "$2/postgres" --version'
        probe = [*prefix, "/bin/sh", "-c", script, "sh", str(nearest_folder(data_dir)), str(binaries)]
        done = subprocess.run(probe, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode == 0:
            return Account(tuple(prefix), user.pw_uid, user.pw_gid)
        said = done.stderr.strip() or said
    closed = dict.fromkeys(path for place in (data_dir, binaries) for path in _closed_folders(place))
    where = ", ".join(map(str, closed)) or "a folder above them"
    raise StartRefused(
        f"PostgreSQL does not run as root, and user {_USER!r} cannot reach {binaries} and {data_dir}: closed to others is "
        f"{where}, and this machine does not lend the right to pass it (capability CAP_DAC_OVERRIDE). "
        f"Run as an ordinary user, move the project, or open the folder: chmod o+x. ({said})"
    )


def _closed_folders(path: Path) -> list[Path]:
    above = [folder for folder in reversed(path.parents) if folder.exists()]
    return [folder for folder in above if not folder.stat().st_mode & 0o001]
