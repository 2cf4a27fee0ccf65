"""Result files: one JSON object a figure in `benchmarks/results/`, named as the figure."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def keep(
    name: str,
    what: str,
    unit: str,
    ours: float,
    *,
    better: str,
    goal: float,
    peer: float | None = None,
    peer_name: str | None = None,
) -> None:
    """Writes one figure beside its peer (None where there is none); `ratio` is ours / peer, `better` is higher or lower.

    `goal` is for the ratio where there is a peer, else for our own figure.
    """
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    result = {
        "name": name,
        "what": what,
        "unit": unit,
        "ours": round(ours, 2),
        "peer_name": peer_name,
        "peer": None if peer is None else round(peer, 2),
        "ratio": None if peer is None else round(ours / peer, 3),
        "better": better,
        "goal": goal,
        "commit": commit,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
