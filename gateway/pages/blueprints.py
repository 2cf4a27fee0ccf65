"""The pages there are: each module's `blp` is registered here, and its links in the menu of those who may use it."""

from flask import Blueprint

from gateway.pages import custody, home, lists, overdue, receive, sign_in, store, submit, work

BLUEPRINTS: tuple[Blueprint, ...] = (
    sign_in.blp,
    home.blp,
    submit.blp,
    receive.blp,
    lists.blp,
    custody.blp,
    work.blp,
    overdue.blp,
    store.blp,
)

_OVERDUE = ("Overdue", "/overdue")
_STORE = ("Storage", "/store")
#: Role -> (words, address) in the order of the day's work.
MENUS: dict[str, list[tuple[str, str]]] = {
    "office": [("Submissions", "/submissions"), ("Exhibits", "/exhibits"), ("Results", "/results"), _OVERDUE],
    "custodian": [
        ("Receive", "/receive"),
        ("Exhibits", "/exhibits"),
        ("Hand-overs", "/handovers"),
        _OVERDUE,
        _STORE,
    ],
    "technician": [
        ("Exhibits", "/exhibits"),
        ("Hand-overs", "/handovers"),
        ("Results", "/results"),
        _OVERDUE,
    ],
    "reviewer": [
        ("Review", "/review"),
        ("Exhibits", "/exhibits"),
        ("Hand-overs", "/handovers"),
        ("Results", "/results"),
        _OVERDUE,
        _STORE,
    ],
    "scientist": [("Exhibits", "/exhibits"), ("Hand-overs", "/handovers"), ("Results", "/results"), _OVERDUE],
    "auditor": [
        ("Submissions", "/submissions"),
        ("Exhibits", "/exhibits"),
        ("Results", "/results"),
        _OVERDUE,
        _STORE,
    ],
    "admin": [_STORE],
    "analyst": [("Results", "/results")],
}
