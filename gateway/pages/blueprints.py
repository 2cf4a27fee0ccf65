"""The pages there are: each module's `blp` is registered here, and its links in the menu of those who may use it."""

from flask import Blueprint

from gateway.pages import home, lists, sign_in

BLUEPRINTS: tuple[Blueprint, ...] = (sign_in.blp, home.blp, lists.blp)

#: Role -> (words, address) in the order of the day's work.
MENUS: dict[str, list[tuple[str, str]]] = {
    role: [("Submissions", "/submissions"), ("Exhibits", "/exhibits"), ("Results", "/results")]
    for role in ("office", "custodian", "technician", "reviewer", "scientist", "auditor")
}
MENUS["analyst"] = [("Results", "/results")]
