"""How often LEK101 alarms on random splits of real rows that repeat by themselves, and how often it sees copies among them.

    python -m benchmarks.coverage.repeats [--replicates 150] [--data adult,taiwan_credit,hotel]

Reads ../shared/data, and the hotel's bookings of sample_data, whose days are split instead of rows. Without copies the true excess
is 0; `below` and `above` are the shares of splits whose one-sided bounds exclude it.
"""

import argparse
import collections
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.checks.leakage_cases import measure
from tests.checks.performance_cases import batch_of, grid_of
from validators.catalog import families, metrics
from validators.checks import shared_rows
from validators.core.records import Result, Status
from validators.io.policies import policy_text, read_policy

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
LEFT_OUT = {"adult": ["fnlwgt", "education", "split", "income"], "taiwan_credit": ["client_id", "default_next_month"]}
TRIALS = (
    ("adult", 9000, 6000, 0.0),
    ("adult", 9000, 6000, 0.01),
    ("adult", 5000, 2500, 0.0),
    ("taiwan_credit", 9000, 6000, 0.0),
    ("taiwan_credit", 9000, 6000, 0.01),
    ("hotel", 240, 160, 0.0),
    ("hotel", 240, 160, 0.05),
)
HOTEL = ROOT / "sample_data" / "hotel"


def rows_of(name):
    """Features, and what is split: the day of each of the hotel's bookings, elsewhere the row."""
    if name != "hotel":
        data = pd.read_parquet(DATA / f"{name}.parquet").drop(columns=LEFT_OUT[name])
        return data, np.arange(len(data))
    declared = tomllib.loads((HOTEL / "seatrial.toml").read_text())
    roles = (HOTEL / declared["data"][role] for role in ("train", "test", "reference", "production"))
    data = pd.concat(map(pd.read_parquet, roles)).drop_duplicates(declared["columns"]["key"])
    return data[declared["columns"]["features"]], pd.factorize(data[declared["columns"]["time"]])[0]


def split(data, unit, train, test, copied, rng):
    """Random units of both roles; a share of the test rows is replaced by rows of train."""
    drawn = rng.permutation(unit.max() + 1)
    sides = [np.flatnonzero(np.isin(unit, part)) for part in (drawn[:train], drawn[train : train + test])]
    source = sides[1].copy()
    replaced = rng.choice(len(source), round(copied * len(source)), replace=False)
    source[replaced] = rng.choice(sides[0], len(replaced), replace=False)
    return [
        (data.iloc[at].reset_index(drop=True), unit[own]) for at, own in zip((sides[0], source), sides, strict=True)
    ]


def measured(name, data, unit, train, test, copied, seed):
    """The excess and the verdict of one split."""
    sides = split(data, unit, train, test, copied, np.random.default_rng(seed))
    grid = replace(grid_of(sides[0][0], np.linspace(0, 1, 100)), grouping="day" if name == "hotel" else "row")
    batches = [
        batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid, unit=held if name == "hotel" else None)
        for X, held in sides
    ]
    found = measure(shared_rows.CHECK, *batches, grid)
    policy = read_policy(policy_text(2), name="medium", metrics=metrics(), families=tuple(set(families().values())))
    held = found["overlap_excess", "model"]
    result = Result(code="LEK101", status=Status.MEASURED, measurements=(held,))
    return held, str(policy.judge(result, "leakage").verdict)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=150)
    parser.add_argument("--data", default="adult,taiwan_credit,hotel")
    chosen = parser.parse_args()
    print(
        "| data | rows (hotel: days) of train and test | copied | below | above | half-width | Pass | Attention | Fail |\n"
        + "| --- " * 9
        + "|"
    )
    for name, train, test, copied in (t for t in TRIALS if t[0] in chosen.data.split(",")):
        data, unit = rows_of(name)
        found = [measured(name, data, unit, train, test, copied, seed) for seed in range(chosen.replicates)]
        low, high = (np.array([getattr(m, end) or 0.0 for m, _ in found]) for end in ("low", "high"))
        verdicts = collections.Counter(verdict for _, verdict in found)
        ends = ("", "") if copied else (f"{(low > 0).mean():.2f}", f"{(high < 0).mean():.2f}")
        shares = " | ".join(f"{verdicts[v] / len(found):.2f}" for v in ("PASS", "WARN", "FAIL"))
        print(
            f"| {name} | {train:,} and {test:,} | {copied:.0%} | {ends[0]} | {ends[1]} | {(high - low).mean() / 2:.4f} | {shares} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
