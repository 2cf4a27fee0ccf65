"""Stands in for migrations and seeding: counts its runs in the data folder."""

import os
from pathlib import Path

if __name__ == "__main__":
    with (Path(os.environ["SIGLAB_DATA_DIR"]) / "steps.txt").open("a") as steps:
        steps.write("ran\n")
