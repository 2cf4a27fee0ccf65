"""`make bench`: every benchmark, one after the other, results in `benchmarks/results/` and as a table.

python -m benchmarks [NAME ...]     names of benchmarks; all of them where none is given
"""

import argparse
import json
import subprocess
import sys

from benchmarks.keep import RESULTS, ROOT

BENCHMARKS = (
    "bus_hop",
    "upload_memory",
    "upload",
    "start",
    "ledger",
    "ledger_growth",
    "verify_log",
    "links",
    "archive",
    "tabular",
    "andi_profile",
    "job",
)


def main() -> int:
    """Runs each as a process of its own, so that one leaves nothing for the next; exit 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    failed = []
    for name in options.names or BENCHMARKS:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", "--write"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    _show()
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _show() -> None:
    print(f"\n{'figure':18} {'ours':>10} {'peer':>10} {'ratio':>7} {'goal':>7}  unit")
    for path in sorted(RESULTS.glob("*.json")):
        row = json.loads(path.read_text())
        peer = "-" if row["peer"] is None else f"{row['peer']:.2f}"
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        goal = f"{'>' if row['better'] == 'higher' else '<'}{row['goal']:g}"
        print(
            f"{row['name']:18} {row['ours']:10.2f} {peer:>10} {ratio:>7} {goal:>7}  {row['unit']}, {row['what']}"
        )


if __name__ == "__main__":
    sys.exit(main())
