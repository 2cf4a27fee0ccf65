"""Says by its exit code whether node_modules already holds what package-lock.json names.

npm keeps in `node_modules/.package-lock.json` what it installed. `npm ci` would delete and fetch everything again, which a
machine without a network cannot do; so it is asked only where the two differ.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def installed_as_locked(root: Path) -> bool:
    """Whether every locked package lies in node_modules in the locked version, by npm's own record."""
    record = root / "node_modules" / ".package-lock.json"
    if not record.exists():
        return False
    locked, present = (_versions(path) for path in (root / "package-lock.json", record))
    return locked == present and all((root / name / "package.json").exists() for name in locked)


def _versions(lock: Path) -> dict[str, str]:
    packages: dict[str, dict[str, str]] = json.loads(lock.read_text())["packages"]
    return {name: package["integrity"] for name, package in packages.items() if name}


if __name__ == "__main__":
    sys.exit(0 if installed_as_locked(ROOT) else 1)
