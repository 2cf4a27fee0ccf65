"""Acts upon one item, each a form on its page: what the form sends, where it goes, and whose act it is.

The names of a form's fields begin with the act's, so that an error finds its field among many forms on one page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.pages.balances import balance_named
from gateway.pages.forms import moment, number, secret, text
from gateway.pages.people import all_people, login_of
from shared.actor import LABORATORY, Role

HANDS = (Role.CUSTODIAN, Role.TECHNICIAN)
_TEXT, _NUMBER, _SECRET, _PERSON, _BALANCE = "text", "number", "secret", "person", "balance"


@dataclass(frozen=True)
class Act:
    """An act: where it goes, its fields with their kinds, and what is said when it is done.

    `path` may name {item} and {target}, the hold, disposal or event that the act is about.
    """

    path: str
    fields: Mapping[str, str]
    done: str

    def body(self, prefix: str) -> dict[str, Any]:
        """What the API is told; a field that is empty is told as empty where the act needs it, so that the API asks for it."""
        told: dict[str, Any] = {}
        for name, kind in self.fields.items():
            value = _READ[kind](f"{prefix}{name}")
            if value is not None:
                told[name] = value
        happened = moment(f"{prefix}occurred_at")
        return {**told, "occurred_at": happened} if happened else told


_READ: dict[str, Callable[[str], Any]] = {
    _TEXT: lambda name: text(name) or "",
    "optional": text,
    _PERSON: lambda name: login_of(text(name), all_people()),
    "optional person": lambda name: login_of(text(name), all_people()) if text(name) else None,
    _BALANCE: lambda name: balance_named(text(name) or ""),
    "optional balance": lambda name: balance_named(text(name) or "") or None,
    _NUMBER: number,
    _SECRET: secret,
    "optional secret": lambda name: secret(name) or None,
}


_MASS = {"net_mass_mg": _NUMBER, "uncertainty_mg": _NUMBER}
_TAKEN = {**_MASS, "balance": "optional balance"}

ACTS: dict[str, Act] = {
    "handover": Act(
        "/handovers", {"to": _PERSON, "purpose": _TEXT}, "Offered; it is yours until it is accepted."
    ),
    "move": Act("/items/{item}/moves", {"place": _TEXT, "purpose": _TEXT}, "Put away."),
    "retrieve": Act("/items/{item}/retrievals", {"purpose": _TEXT}, "Taken out; you hold it now."),
    "weigh": Act(
        "/items/{item}/weighings", {**_MASS, "balance": _BALANCE, "purpose": "optional"}, "Weighed."
    ),
    "aliquot": Act("/items/{item}/aliquots", {**_TAKEN, "purpose": _TEXT}, "The aliquot {number} is made."),
    "consume": Act("/items/{item}/consumptions", {**_TAKEN, "purpose": _TEXT}, "Recorded."),
    "lose": Act("/items/{item}/losses", {**_TAKEN, "reason": _TEXT}, "The loss is recorded."),
    "weigh_gross": Act(
        "/items/{item}/weighings",
        {"gross_mass_g": _NUMBER, "uncertainty_mg": _NUMBER, "balance": _BALANCE},
        "Weighed.",
    ),
    "weigh_package": Act(
        "/items/{item}/weighings",
        {"package_mass_g": _NUMBER, "uncertainty_mg": _NUMBER, "balance": _BALANCE},
        "Weighed.",
    ),
    "seal": Act(
        "/items/{item}/seals",
        {
            "seal_number": _TEXT,
            "purpose": _TEXT,
            "witness": "optional person",
            "witness_password": "optional secret",
            "gross_mass_g": _NUMBER,
        },
        "Sealed anew.",
    ),
    "hold": Act(
        "/items/{item}/holds", {"reason": _TEXT, "password": _SECRET}, "On hold: it must be kept as it is."
    ),
    "release": Act(
        "/holds/{target}/release", {"reason": _TEXT, "password": _SECRET}, "The hold is released."
    ),
    "dispose": Act(
        "/items/{item}/disposals",
        {"method": _TEXT, "purpose": _TEXT, "password": _SECRET},
        "Asked; a reviewer decides.",
    ),
    "authorise": Act("/disposals/{target}/authorise", {"password": _SECRET}, "Authorised and signed."),
    "execute": Act(
        "/disposals/{target}/execute",
        {
            "password": _SECRET,
            "witness": _PERSON,
            "witness_password": _SECRET,
            "unweighed": "optional",
        },
        "Destroyed; both signatures are on record.",
    ),
    "withdraw": Act(
        "/disposals/{target}/withdraw", {"reason": _TEXT, "password": _SECRET}, "Withdrawn and signed."
    ),
    "resolve": Act(
        "/discrepancies/{target}/resolve", {"resolution": _TEXT, "password": _SECRET}, "Resolved and signed."
    ),
}


@dataclass(frozen=True)
class Standing:
    """What of an item decides which acts make sense; found out of its answer and its events."""

    role: Role
    is_mine: bool
    in_place: bool
    ended: bool
    blocked: bool
    holds: list[dict[str, Any]]
    disposal: dict[str, Any] | None

    def possible(self) -> list[str]:
        """The acts to offer, the nearest first; the service decides all the same."""
        if self.ended or self.role not in LABORATORY:
            return []
        found = []
        if self.is_mine:
            found += [] if self.blocked else ["handover"]
            found.append("move")
            found += self._work() if self.role in HANDS else []
            found += [] if self.is_condemned else ["seal"]
        elif self.in_place and self.role is Role.CUSTODIAN:
            found.append("retrieve")
        if self.role in (Role.CUSTODIAN, Role.REVIEWER):
            found += ["hold", *(["release"] if self.holds else [])]
        if self.disposal is not None and self.role in (Role.CUSTODIAN, Role.REVIEWER):
            found.append("withdraw")
        return found + ([] if self.blocked or self.holds else self._disposal())

    @property
    def is_condemned(self) -> bool:
        """Whether its destruction is authorised: nothing changes it until that is done or withdrawn."""
        return self.disposal is not None and self.disposal["state"] == "authorised"

    def _work(self) -> list[str]:
        """What its holder does with the substance; a loss is told even where a reviewer is waited for."""
        found = []
        if not self.blocked and not self.is_condemned:
            found += ["weigh", *([] if self.holds else ["aliquot", "consume"])]
        if not self.is_condemned:
            found.append("lose")
        return found + ([] if self.blocked else ["weigh_gross", "weigh_package"])

    def _disposal(self) -> list[str]:
        if self.disposal is None:
            return ["dispose"] if self.role is Role.CUSTODIAN else []
        if self.disposal["state"] == "requested":
            return ["authorise"] if self.role is Role.REVIEWER else []
        return ["execute"] if self.role is Role.CUSTODIAN and self.is_mine else []
