"""Where everything lies below a data folder; nothing of a running system lies anywhere else."""

from dataclasses import dataclass
from pathlib import Path

#: The code: the folder that holds gateway/, services/ and shared/.
PROJECT = Path(__file__).resolve().parents[2]
#: The format of a data folder that this code reads and writes; a newer one is refused.
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Layout:
    """The paths below one data folder."""

    data_dir: Path

    @property
    def version(self) -> Path:
        """Holds FORMAT_VERSION."""
        return self.data_dir / "VERSION"

    @property
    def store_kind(self) -> Path:
        """Holds where spectra are kept: `directory`, `minio` or `s3`."""
        return self.data_dir / "STORE"

    @property
    def lock(self) -> Path:
        """Locked (flock) by the launcher and its supervisor; holds the launcher's process id."""
        return self.data_dir / "lock"

    @property
    def database(self) -> Path:
        """PostgreSQL's own folder."""
        return self.data_dir / "database"

    @property
    def minio(self) -> Path:
        """The object store's own folder, where one is run."""
        return self.data_dir / "minio"

    @property
    def logs(self) -> Path:
        """One log a program, rotated."""
        return self.data_dir / "logs"

    @property
    def run(self) -> Path:
        """What describes the running system; made anew at each start."""
        return self.data_dir / "run"

    @property
    def bulk(self) -> Path:
        """Points at the folder in memory where pieces of uploads are handed over."""
        return self.run / "bulk"

    @property
    def programs(self) -> Path:
        """What each program's tether starts."""
        return self.run / "programs.json"

    @property
    def gate(self) -> Path:
        """Exists once the database is migrated; programs that need it wait for this file."""
        return self.run / "database-ready"

    @property
    def state(self) -> Path:
        """The launcher's own record: process ids, address and ports."""
        return self.run / "state.json"

    @property
    def seeded(self) -> Path:
        """Exists once the demo was seeded."""
        return self.data_dir / "demo-seeded"

    @property
    def credentials(self) -> Path:
        """The demo's accounts, mode 0600."""
        return self.data_dir / "demo-credentials.json"
