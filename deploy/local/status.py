"""What is running from a data folder: read from the launcher's and the tethers' notes, and checked against the kernel's list."""

import json
from typing import Any

from deploy.local.layout import Layout
from deploy.local.supervision import children_of
from deploy.local.tether import start_ticks


def read_status(layout: Layout) -> dict[str, Any]:
    """Address, ports, and each program with its process id, whether it lives, its children and how often it was started."""
    state: dict[str, Any] = json.loads(layout.state.read_text()) if layout.state.exists() else {}
    programs = []
    if layout.programs.exists():
        for name in json.loads(layout.programs.read_text()):
            note = layout.run / "started" / f"{name}.json"
            known: dict[str, Any] = {"pid": 0, "ticks": None, "starts": 0, "since": None}
            if note.exists():
                known = json.loads(note.read_text())
            alive = _lives(known)
            programs.append(
                {
                    "name": name,
                    "pid": known["pid"] if alive else None,
                    "alive": alive,
                    "starts": known["starts"],
                    "since": known["since"],
                    "children": children_of(known["pid"]) if alive else [],
                }
            )
    launcher, supervisord = state.get("launcher", {}), state.get("supervisord", {})
    return {
        "data_dir": str(layout.data_dir),
        "running": _lives(launcher),
        "ready": bool(state.get("ready")) and _lives(launcher),
        "base_url": state.get("base_url"),
        "database": state.get("database"),
        "store": state.get("store"),
        "ports": state.get("ports", {}),
        "launcher": launcher.get("pid") if _lives(launcher) else None,
        "supervisord": supervisord.get("pid") if _lives(supervisord) else None,
        "programs": programs,
    }


def show(status: dict[str, Any]) -> str:
    """The status for people."""
    if not status["running"]:
        return f"nothing runs from {status['data_dir']}"
    lines = [
        f"{'ready' if status['ready'] else 'starting'} {status['base_url']}",
        f"data folder {status['data_dir']}, database {status['database']}, store {status['store']}",
        f"launcher {status['launcher']}, supervisord {status['supervisord']}",
        "ports " + ", ".join(f"{name} {port}" for name, port in status["ports"].items()),
        f"{'program':<20}{'pid':>9}{'starts':>8}  state",
    ]
    for program in status["programs"]:
        pid = program["pid"] or "-"
        lines.append(
            f"{program['name']:<20}{pid:>9}{program['starts']:>8}  {'up' if program['alive'] else 'down'}"
        )
    return "\n".join(lines)


def _lives(note: dict[str, Any]) -> bool:
    return (
        bool(note.get("pid")) and note.get("ticks") is not None and start_ticks(note["pid"]) == note["ticks"]
    )
