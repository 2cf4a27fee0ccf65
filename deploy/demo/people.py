"""The demo's people and offices, and the file that says how to sign in as them."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.accounts.tokens import new_token
from siglab_clients.api import ApiClient

#: login -> (full name, role, office)
PEOPLE: dict[str, tuple[str, str, str | None]] = {
    "bogota": ("Lucía Ferrer (demo)", "office", "BOG"),
    "bangkok": ("Niran Chaiya (demo)", "office", "BKK"),
    "custodian": ("Clara Osei (demo)", "custodian", None),
    "custodian2": ("Carl Winther (demo)", "custodian", None),
    "technician": ("Tess Okafor (demo)", "technician", None),
    "technician2": ("Tomás Rey (demo)", "technician", None),
    "reviewer": ("Ruth Adler (demo)", "reviewer", None),
    "reviewer2": ("Ravi Menon (demo)", "reviewer", None),
    "scientist": ("Sofia Lind (demo)", "scientist", None),
    "scientist2": ("Samuel Park (demo)", "scientist", None),
    "analyst": ("Ana Kovač (demo)", "analyst", None),
    "admin": ("Adam Reid (demo)", "admin", None),
    "auditor": ("Aiko Mori (demo)", "auditor", None),
    "gcms1": ("GC-MS 1 (demo)", "instrument", None),
}

OFFICES: list[dict[str, str]] = [
    {"code": "BOG", "name": "Bogotá", "country": "CO"},
    {"code": "BKK", "name": "Bangkok", "country": "TH"},
    {"code": "MEX", "name": "Mexico City", "country": "MX"},
    {"code": "LIM", "name": "Lima", "country": "PE"},
    {"code": "ANK", "name": "Ankara", "country": "TR"},
    {"code": "VIE", "name": "Vienna", "country": "AT"},
]


@dataclass(frozen=True)
class Person:
    """One demo account with its secrets."""

    login: str
    name: str
    role: str
    office: str | None
    password: str
    token: str


def credentials_path(data_dir: Path) -> Path:
    """Where the demo's credentials lie."""
    return data_dir / "demo-credentials.json"


def write_credentials(data_dir: Path, base_url: str) -> list[Person]:
    """Makes new secrets for everybody and writes the file durably, mode 0600, before any account has them."""
    people = [
        Person(login, name, role, office, secrets.token_urlsafe(12), new_token())
        for login, (name, role, office) in PEOPLE.items()
    ]
    users = {
        p.login: {"role": p.role, "office": p.office, "password": p.password, "token": p.token}
        for p in people
    }
    path = credentials_path(data_dir)
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"base_url": base_url, "users": users}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    return people


def read_credentials(data_dir: Path) -> dict[str, Any]:
    """The file's content; raises FileNotFoundError where no demo was seeded here."""
    found: dict[str, Any] = json.loads(credentials_path(data_dir).read_text())
    return found


class Users:
    """The demo's users as API clients: `Users(credentials).bogota.post(...)`."""

    def __init__(self, credentials: dict[str, Any], base_url: str | None = None) -> None:
        self._users = credentials["users"]
        self._base_url = base_url or credentials["base_url"]
        self._clients: dict[str, ApiClient] = {}

    def __getattr__(self, login: str) -> ApiClient:
        if login not in self._users:
            raise AttributeError(login)
        if login not in self._clients:
            self._clients[login] = ApiClient(self._base_url, self._users[login]["token"])
        return self._clients[login]

    def password(self, login: str) -> str:
        """What this person signs with."""
        return str(self._users[login]["password"])
