"""Do nominal intervals cover? The checks' own measurements on simulated trials whose truth is known.

    python -m benchmarks.coverage.run [--replicates 400] [--rows 2500] [--designs iid,clustered,weighted] [--out FILE.md]

Designs: rows independent; 10 rows an entity with an effect of the entity on feature and outcome (hashed into 50 groups); independent rows
with weights from .2 to 5. Truth is the mean of the measurement over 20 trials of 20,000 rows; of a calibration bin, whose edges the rows
set, the rate between these edges in 400,000 other rows. Each row of the table: share of replicates whose interval holds the truth, its
Monte Carlo standard error, and the nominal level, per measurement. Family-wise (simultaneous) intervals are held against their own,
higher, level.
"""

import argparse
import collections
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from validators.catalog import check_of
from validators.core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Batch, Grid, NumericBins, Role, Task
from validators.core.records import Given
from validators.stats.recalibration import equal_mass_bins

TASK = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.4, favourable=0)
CUTS = norm.ppf(np.linspace(0, 1, 65)[1:-1])
SCORES = np.unique(np.append(np.linspace(0, 1, 4096)[1:-1], TASK.threshold))
BINS = check_of("PRF103").options.bins
WANTED = (
    ("PRF101", "auc"), ("PRF101", "log_loss"), ("PRF101", "recall"), ("PRF101", "precision"), ("PRF102", "auc_loss"),
    ("PRF102", "log_loss_increase"), ("PRF103", "calibration_slope"), ("PRF103", "observed_rate"),
    ("PRF201", "slice_excess_loss"), ("PRF201", "slice_auc_gap"), ("PRD101", "flip_rate"), ("PRD101", "mean_change_sd"),
    ("PRD102", "shift_sigma"), ("DRF101", "shift_sigma"),
    ("BIA101", "selection_ratio"), ("BIA101", "selection_rate"),
    ("BIA102", "tpr_gap"),
    ("BIA102", "fpr_gap"),
)  # fmt: skip


def grid(design):
    return Grid(
        features={"x": NumericBins(cuts=CUTS, coarse=np.arange(64) * 10 // 64)},
        score_cuts=(SCORES,),
        score_coarse=(SCORES[::16],),
        grouping="entity" if design == "clustered" else "row",
        slices={"high": "x > 0.8"},
    )


def rows(rng, n, design, shift=0.0):
    """One role; `shift` in standard deviations of x."""
    per = 10 if design == "clustered" else 1
    unit = np.repeat(np.arange(-(-n // per)), per)[:n]
    effect = rng.normal(size=unit.max() + 1)[unit] if design == "clustered" else np.zeros(n)
    x = np.sqrt(0.5) * effect + np.sqrt(0.5) * rng.normal(size=n) if design == "clustered" else rng.normal(size=n)
    x = x + shift
    drawn = rng.normal(size=unit.max() + 1)[unit] if design == "clustered" else np.zeros(n)
    y = (rng.random(n) < expit(1.2 * x - 0.5 + 0.6 * drawn)).astype(float)
    candidate = expit(1.3 * x - 0.5)
    prior = expit(1.0 * x - 0.4 + rng.normal(0, 0.4, n))
    weight = rng.uniform(0.2, 5, n) if design == "weighted" else np.ones(n)
    weight *= weight.sum() / (weight**2).sum()  # in units of a row, as a scan takes them
    hashed = rng.integers(0, 2**63, unit.max() + 1).astype(np.uint64)[unit]
    group = np.where(rng.random(n) < expit(x), "a", "b")
    return Batch(
        X=pd.DataFrame({"x": x}),
        codes=np.searchsorted(CUTS, x, side="right").astype(np.int32)[:, None],
        y=y,
        scores={CANDIDATE: candidate[:, None], PRIOR: prior[:, None]},
        weight=np.rint(weight * WEIGHT_ONE).astype(np.int64),
        key=rng.integers(0, 2**63, n).astype(np.uint64),
        unit=hashed,
        period=np.full(n, -1, np.int64),
        slices=(x > 0.8)[:, None],
        sensitive=pd.DataFrame({"sex": group}),
    )


def trial(design, seed, n):
    """The rows of both roles."""
    rng = np.random.default_rng(seed)
    return {Role.TEST: rows(rng, n, design, 0.2), Role.REFERENCE: rows(rng, n, design)}


def measured(design, seed, n):
    """(check, metric, subject) -> measurement, of the wanted ones, on one simulated trial."""
    data, held, found = trial(design, seed, n), grid(design), {}
    for code in dict.fromkeys(c for c, _ in WANTED):
        check = check_of(code)
        if check is None:
            continue
        summaries = {
            (role, kind): kind.of(batch, held) for role, batch in data.items() for kind in check.needs.summaries
        }
        given = Given(
            task=TASK, grid=held, options=check.options, rng=np.random.default_rng(seed), summaries=summaries,
            scored=(CANDIDATE, PRIOR), declared=frozenset({"slices", "sensitive", "key", "entity"}),
            asked=frozenset(metric for c, metric in WANTED if c == code),
        )  # fmt: skip
        for m in check.measure(given):
            if (code, m.metric) in WANTED:
                found[code, m.metric, m.subject] = m
    return found


def truths(design, large=20_000, times=20):
    """(check, metric, subject) -> mean of the measurement over large trials (samples of rows end at 20,000)."""
    held = collections.defaultdict(list)
    for seed in range(times):
        for key, m in measured(design, 10**6 + seed, large).items():
            held[key].append(m.value)
    return {key: float(np.mean(values)) for key, values in held.items() if None not in values}


def rates_between(design, large=400_000):
    """A function of test rows: the rates, in a large population, between the edges that these rows set for calibration bins."""
    population = rows(np.random.default_rng(10**7), large, design, 0.2)
    score, weight = population.scores[CANDIDATE][:, 0], population.weight.astype(float)
    order = np.argsort(score)
    score, hits, total = score[order], *(np.append(0, np.cumsum(w[order])) for w in (weight * population.y, weight))

    def rates(batch):
        mine = batch.scores[CANDIDATE][:, 0]
        code = equal_mass_bins(mine, batch.weight.astype(float), BINS)
        ends = np.searchsorted(score, [mine[code == b].max() for b in range(BINS - 1)], side="right")
        at = np.concatenate([[0], ends, [len(score)]])
        found = np.diff(hits[at]) / np.diff(total[at])
        return {("PRF103", "observed_rate", f"rows:bin_{b + 1:02d}"): float(r) for b, r in enumerate(found)}

    return rates


def study(design, replicates, n):
    """(check, metric, subject) -> (covered, of, nominal level)."""
    truth, between = truths(design), rates_between(design)
    held = collections.defaultdict(list)
    for seed in range(replicates):
        true = truth | between(trial(design, seed, n)[Role.TEST])
        for key, m in measured(design, seed, n).items():
            if m.low is not None and m.high is not None and key in true:
                held[key].append((m.low <= true[key] <= m.high, m.level))
    return {key: (sum(hit for hit, _ in seen), len(seen), seen[-1][1]) for key, seen in held.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--designs", default="iid,clustered,weighted")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    lines = [
        f"# Coverage of intervals, {datetime.now(UTC):%Y-%m-%d}", "",
        f"{chosen.replicates} replicates of {chosen.rows:,} rows.", "",
        "| design | check | metric | subject | covered | SE | nominal |", "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    for design in chosen.designs.split(","):
        for (code, metric, subject), (k, of, level) in study(design, chosen.replicates, chosen.rows).items():
            share = k / of
            error = np.sqrt(max(share * (1 - share), 1 / of) / of)
            level_ = "" if level is None else f"{level:.3f}"
            line = f"| {design} | {code} | {metric} | {subject} | {share:.3f} | {error:.3f} | {level_} |"
            lines.append(line)
            print(line, flush=True)
    if chosen.out:
        chosen.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
