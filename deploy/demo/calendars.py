"""The demo's calendars: the time zones of its offices and of its laboratory, and their weekends.

Public holidays are for an administrator to set: those that follow the moon or a government's word nobody should guess.
"""

import json

from siglab_clients.api import ApiClient

ZONES = {
    "LAB": "Europe/Vienna",
    "BOG": "America/Bogota",
    "BKK": "Asia/Bangkok",
    "MEX": "America/Mexico_City",
    "LIM": "America/Lima",
    "ANK": "Europe/Istanbul",
    "VIE": "Europe/Vienna",
}


def set_calendars(admin: ApiClient) -> None:
    """Sets each calendar that was never set."""
    for code, zone in ZONES.items():
        path = f"/offices/{code}/calendar"
        found = admin.request("GET", path)
        if found.json["version"] == 0:
            body = {"time_zone": zone, "weekend": ["saturday", "sunday"], "holidays": []}
            headers = {"Content-Type": "application/json", "If-Match": found.headers["etag"]}
            admin.request("PUT", path, json.dumps(body).encode(), headers)
