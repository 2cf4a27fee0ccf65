"""The pages there are: each module's `blp` is registered here, and its links in the menu of those who may use it."""

from flask import Blueprint

from gateway.pages import (
    balances,
    calendars,
    composites,
    downloads,
    entry,
    event,
    handovers,
    holds,
    home,
    item,
    ledger,
    library,
    links,
    lists,
    mass_balance,
    models,
    overdue,
    people,
    places,
    receive,
    runs,
    sign_in,
    statistics,
    storage,
    store,
    submit,
    takeovers,
    work,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    sign_in.blp,
    home.blp,
    submit.blp,
    receive.blp,
    lists.blp,
    item.blp,
    event.blp,
    entry.blp,
    downloads.blp,
    handovers.blp,
    takeovers.blp,
    storage.blp,
    places.blp,
    balances.blp,
    composites.blp,
    mass_balance.blp,
    holds.blp,
    people.blp,
    calendars.blp,
    work.blp,
    runs.blp,
    links.blp,
    statistics.blp,
    models.blp,
    library.blp,
    overdue.blp,
    store.blp,
    ledger.blp,
)

Link = tuple[str, str]

_SUBMISSIONS: Link = ("Submissions", "/submissions")
_EXHIBITS: Link = ("Exhibits", "/exhibits")
_HANDOVERS: Link = ("Hand-overs", "/handovers")
_STORAGE: Link = ("Storage", "/storage")
_RESULTS: Link = ("Results", "/results")
_STATISTICS: Link = ("Statistics", "/statistics")
_LIBRARY: Link = ("Library", "/library")
_MODELS: Link = ("Models", "/models")
_COMPOSITE: Link = ("Composite", "/composites/new")
_BALANCES: Link = ("Balances", "/balances")
_HOLDS: Link = ("Holds", "/holds")
_PEOPLE: Link = ("People", "/people")
_CALENDARS: Link = ("Calendars", "/calendars")
_OVERDUE: Link = ("Overdue", "/overdue")
_STORE: Link = ("Object store", "/store")
_LOG: Link = ("Log", "/ledger")
#: What those look through who answer for evidence that others have in their hands.
_OVERSIGHT: tuple[Link, ...] = (
    _EXHIBITS, _HANDOVERS, _STORAGE, _HOLDS, _MODELS, _RESULTS, _STATISTICS, _OVERDUE, _STORE, _LOG,
)  # fmt: skip
#: Role -> (words, address) in the order of the day's work.
MENUS: dict[str, list[Link]] = {
    "office": [_SUBMISSIONS, _EXHIBITS, _HANDOVERS, _RESULTS, _OVERDUE, _LOG],
    "custodian": [("Receive", "/receive"), _EXHIBITS, _HANDOVERS, _STORAGE, _HOLDS, _OVERDUE, _STORE, _LOG],
    "technician": [_EXHIBITS, _HANDOVERS, _STORAGE, _COMPOSITE, _BALANCES, _RESULTS, _STATISTICS, _OVERDUE],
    "reviewer": [("Review", "/review"), *_OVERSIGHT],
    "scientist": [_EXHIBITS, _HANDOVERS, _STORAGE, _LIBRARY, _MODELS, _RESULTS, _STATISTICS, _OVERDUE],
    "auditor": [_SUBMISSIONS, *_OVERSIGHT],
    "admin": [_STORAGE, _BALANCES, _PEOPLE, _CALENDARS, _STORE, _LOG],
    "analyst": [_RESULTS, _STATISTICS],
}
