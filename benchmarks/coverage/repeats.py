"""How often LEK101 alarms on random splits of real rows that repeat by themselves, and how often it sees copies among them.

    python -m benchmarks.coverage.repeats [--replicates 150]

Reads ../shared/data. Without copies the true excess is 0; `below` and `above` are the shares of splits whose one-sided bounds exclude it.
"""

import argparse
import collections
from pathlib import Path

import numpy as np
import pandas as pd

from tests.checks.leakage_cases import measure
from tests.checks.performance_cases import batch_of, grid_of
from validators.catalog import families, metrics
from validators.checks import shared_rows
from validators.core.records import Result, Status
from validators.io.policies import policy_text, read_policy

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LEFT_OUT = {"adult": ["fnlwgt", "education", "split", "income"], "taiwan_credit": ["client_id", "default_next_month"]}
TRIALS = (
    ("adult", 9000, 6000, 0.0),
    ("adult", 9000, 6000, 0.01),
    ("adult", 5000, 2500, 0.0),
    ("taiwan_credit", 9000, 6000, 0.0),
    ("taiwan_credit", 9000, 6000, 0.01),
)


def split(data, train, test, copied, rng):
    """Random rows of both roles; a share of the test rows is replaced by rows of train."""
    at = rng.permutation(len(data))[: train + test]
    if copied:
        at[train : train + round(copied * test)] = rng.choice(at[:train], round(copied * test), replace=False)
    return tuple(data.iloc[part].reset_index(drop=True) for part in (at[:train], at[train:]))


def measured(data, train, test, copied, seed):
    """The excess and the verdict of one split."""
    rows = split(data, train, test, copied, np.random.default_rng(seed))
    grid = grid_of(rows[0], np.linspace(0, 1, 100))
    batches = [batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid) for X in rows]
    found = measure(shared_rows.CHECK, *batches, grid)
    policy = read_policy(policy_text(2), name="medium", metrics=metrics(), families=tuple(set(families().values())))
    held = found["overlap_excess", "model"]
    result = Result(code="LEK101", status=Status.MEASURED, measurements=(held,))
    return held, str(policy.judge(result, "leakage").verdict)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=150)
    chosen = parser.parse_args()
    print(
        "| data | train and test rows | copied | below | above | half-width | Pass | Attention | Fail |\n"
        + "| --- " * 9
        + "|"
    )
    for name, train, test, copied in TRIALS:
        data = pd.read_parquet(DATA / f"{name}.parquet").drop(columns=LEFT_OUT[name])
        found = [measured(data, train, test, copied, seed) for seed in range(chosen.replicates)]
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
