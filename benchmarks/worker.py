"""What the confined worker costs: its start, and what a call adds over the same call in this process.

    python benchmarks/worker.py [--rows 100000] [--repeats 9]

Held against: at most 3 s of CPU for a start with scikit-learn, at most 100 ms more for 100,000 rows of 30 float64.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from validators.confined.process import LAYERS, Limits
from validators.models.client import open_model


def child_cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median_ms(call, repeats: int) -> float:
    """Median wall time of a call, in ms; the first is not counted."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(asked.rows, 30)), columns=[f"x{j}" for j in range(30)])
    model = LogisticRegression().fit(X.head(2000), rng.random(2000) > 0.5)
    here = median_ms(lambda: model.predict_proba(X), asked.repeats)
    with tempfile.TemporaryDirectory() as folder:
        for name, dump in (("m.joblib", joblib.dump), ("m.skops", skops.io.dump)):
            path = Path(folder) / name
            dump(model, path)
            for layers, word in ((LAYERS, "confined"), ((), "unconfined")):
                started = time.perf_counter()
                with open_model(
                    path, task="binary", positive=True, limits=Limits(layers=layers), allow_unconfined=True
                ) as held:
                    wall, pid = time.perf_counter() - started, held._worker.pid
                    held.predict(X.head(1))
                    cpu = child_cpu(pid)
                    there = median_ms(lambda held=held: held.predict(X), asked.repeats)
                    one = median_ms(lambda held=held: held.predict(X.head(1)), 5 * asked.repeats)
                print(
                    f"{name:9} {word:10} start {wall:.2f} s, {cpu:.2f} s of CPU up to the first score; {asked.rows:,} x 30: "
                    f"{there:.0f} ms, {there - here:.0f} ms more than here; one row: {one:.2f} ms"
                )


if __name__ == "__main__":
    main()
