"""Writes the results of the sample projects anew, with the checks as they are now: python sample_data/recompute.py [NAME ...]."""

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from validators.cli.execute import execute  # noqa: E402 - the checkout's own package
from validators.engine.run import nothing  # noqa: E402


def main(names: list[str]) -> None:
    for name in names or sorted(p.parent.name for p in HERE.glob("*/seatrial.toml")):
        with tempfile.TemporaryDirectory() as temporary:
            out = Path(temporary) / "run"
            run = execute(HERE / name, out=out, progress=nothing)
            shutil.rmtree(HERE / name / "results", ignore_errors=True)
            shutil.copytree(out, HERE / name / "results")
        print(f"{name}: {run.verdict.value}, {run.document['run']['cpu_seconds']} CPU s")


if __name__ == "__main__":
    main(sys.argv[1:])
