"""Do the intervals of checks that fit learners of their own hold? The counterpart of `run` with eight features and a train.

    python -m benchmarks.coverage.learners [--replicates 200] [--rows 2500] [--designs iid,clustered,weighted] [--codes FIT103,...]

The truth of a replicate is what its own fitted learners reach on fresh rows (`given its learners`), and beside it the mean of the
measurement over the replicates, which is what such learners reach on average. `values` and `half-width` are means.
"""

import argparse
import collections
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from validators.catalog import check_of
from validators.checks.two_sample_classifier import _joined, _told_apart
from validators.core.data import CANDIDATE, PRIOR, WEIGHT_ONE, Batch, Grid, NumericBins, Role, Task
from validators.core.records import Given
from validators.summaries.excess import excess_loss
from validators.summaries.label_model import fold_of
from validators.summaries.refits import design as matrix_of
from validators.summaries.refits import evenly_coded, expected_elsewhere, fit_restrained
from validators.summaries.row_sample import RowSample, RowSampleKind
from validators.summaries.scored_rows import scored_rows

FEATURES = tuple(f"x{j}" for j in range(8))
TASK = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.4, favourable=0)
CUTS = norm.ppf(np.linspace(0, 1, 65)[1:-1])
SCORES = np.unique(np.append(np.linspace(0, 1, 4096)[1:-1], TASK.threshold))
PER_ENTITY, FRESH = 10, 40_000
SAMPLE = RowSampleKind()
CHANCE = 0.5  # the area of any score on rows of two sides that are drawn alike, which fresh rows would only estimate
WANTED = {
    "FIT103": ("structure_left", "structure_excess", "structure_by_feature"),
    "QUA101": ("noise_excess", "slice_label_gap"),
    "QUA107": ("month_noise",),
    "BIA105": ("proxy_auc", "proxy_feature_auc"),
    "LEK110": ("told_apart",),
    "STR102": ("worst_excess",),
    "PRF202": ("largest_excess",),
    "DRF103": ("c2st_auc",),
}


def grid(design):
    """Eight features in 64 bins, one declared slice."""
    return Grid(
        features={name: NumericBins(cuts=CUTS, coarse=np.arange(64) * 10 // 64) for name in FEATURES},
        score_cuts=(SCORES,),
        score_coarse=(SCORES[::16],),
        grouping="entity" if design == "clustered" else "row",
        slices={"high": "x0 > 0.5"},
    )


def rows(rng, n, design, shift=0.0):
    """One role: the candidate lacks the interaction of x1 and x2, and the group is told by x3 in part."""
    per = PER_ENTITY if design == "clustered" else 1
    unit = np.repeat(np.arange(-(-n // per)), per)[:n]
    entities = unit.max() + 1
    x = rng.normal(size=(n, 8))
    drawn = np.zeros(n)
    if design == "clustered":
        x = np.sqrt(0.5) * rng.normal(size=(entities, 8))[unit] + np.sqrt(0.5) * x
        drawn = 0.6 * rng.normal(size=entities)[unit]
    x[:, 0] += shift
    straight = x[:, 0] + 0.5 * x[:, 3] - 0.5
    y = (rng.random(n) < expit(straight + 0.7 * x[:, 1] * x[:, 2] + drawn)).astype(float)
    weight = rng.uniform(0.2, 5, n) if design == "weighted" else np.ones(n)
    member, team = (rng.random(entities)[unit] if design == "clustered" else rng.random(n) for _ in range(2))
    return Batch(
        X=pd.DataFrame(x, columns=FEATURES),
        codes=np.searchsorted(CUTS, x, side="right").astype(np.int32),
        y=y,
        scores={CANDIDATE: expit(straight)[:, None], PRIOR: expit(0.8 * straight)[:, None]},
        weight=np.rint(weight * WEIGHT_ONE).astype(np.int64),
        key=rng.integers(0, 2**63, n).astype(np.uint64),
        unit=rng.integers(0, 2**63, entities).astype(np.uint64)[unit],
        period=np.full(n, -1, np.int64),
        slices=(x[:, :1] > 0.5),
        sensitive=pd.DataFrame(
            {"sex": np.where(member < expit(x[:, 3] + 0.4), "a", "b"), "team": np.where(team < 0.6, "a", "b")}
        ),
        time=np.datetime64("2025-01-01", "D") + rng.integers(0, 120, n),
    )  # fmt: skip


def trial(design, seed, n):
    """Roles of one simulated trial; production is shifted, and train has wrong labels where the slice is."""
    rng = np.random.default_rng(seed)
    return {
        Role.TRAIN: rows(rng, n, design),
        Role.TEST: rows(rng, n, design),
        Role.REFERENCE: rows(rng, n, design),
        Role.PRODUCTION: rows(rng, n, design, 0.3),
    }


OPTIONS = {"STR102": {"own_learner": False, "shares": ()}}


def given_of(code, data, design, seed):
    """What the check is given of these roles."""
    check, held = check_of(code), grid(design)
    kind = RowSampleKind()
    if code == "DRF103":
        data = {Role.REFERENCE: data[Role.REFERENCE], Role.TEST: data[Role.PRODUCTION]}
    return Given(
        task=TASK, grid=held, options=replace(check.options, **OPTIONS.get(code, {})), rng=np.random.default_rng(seed),
        summaries={(role, kind): kind.of(batch, held) for role, batch in data.items()},
        scored=(CANDIDATE, PRIOR), declared=frozenset({"slices", "sensitive", "key", "entity", "time"}),
        asked=frozenset(WANTED[code]),
    )  # fmt: skip


def learnt(target, weight, matrix, teaching, fresh):
    """What trees fitted on the teaching rows expect of fresh rows."""
    n = len(fresh)
    there = np.concatenate([teaching, np.zeros(n, bool)])
    return expected_elsewhere(
        np.concatenate([target, np.zeros(n)]),
        np.concatenate([weight, np.ones(n)]),
        np.concatenate([matrix, fresh]),
        there,
    )[-n:]


def codes_of(batch, held):
    return matrix_of(batch.codes, held).astype(float)


def told_truth(given, fresh):
    """The area, on fresh rows, of the trees that LEK110 fitted."""
    held, found = given.grid, {}
    for role, subject in ((Role.TEST, "model"), (Role.PRODUCTION, "rows:production")):
        sides = [given.summary(r, SAMPLE).thin(given.options.rows) for r in (Role.TRAIN, role)]
        label = np.repeat([0.0, 1.0], [len(b) for b in sides])
        unit = np.concatenate([b.unit for b in sides])
        weight = np.concatenate([b.weight / max(float(b.weight.mean()), 1.0) for b in sides])
        matrix = np.concatenate([codes_of(b, held) for b in sides])
        there = [codes_of(fresh[r], held) for r in (Role.TRAIN, role)]
        score = learnt(label, weight, matrix, unit // np.uint64(50) % np.uint64(2) == 0, np.concatenate(there))
        found["told_apart", subject] = roc_auc_score(np.repeat([0, 1], [len(b) for b in there]), score)
    return found | {("told_apart", "model"): CHANCE}


def left_truth(given, fresh):
    """What the corrections that FIT103 fitted remove, on fresh rows, from the candidate and from our own learner."""
    held, there = given.grid, fresh[Role.TEST]
    sample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, held, (CANDIDATE,))
    batch = sample.rows
    fold = fold_of(batch)
    found = []
    refit = [fit_restrained(given.summary(Role.TRAIN, SAMPLE).rows, b, TASK, held) for b in (batch, there)]
    for mine, theirs in ((rows.scores[CANDIDATE], there.scores[CANDIDATE]), refit):
        matrix, other = (np.column_stack([codes_of(b, held), p]) for b, p in ((batch, mine), (there, theirs)))
        residual, new = rows.y - mine[:, 0], there.y - theirs[:, 0]
        left = [np.sum((new - learnt(residual, rows.weight, matrix, fold != k, other)) ** 2) for k in range(5)]
        found.append(1 - np.mean(left) / np.sum(new**2))
    return found


def fit_truth(given, fresh):
    left, floor = left_truth(given, fresh)
    return {("structure_left", "model"): left, ("structure_excess", "model"): left - floor}


def worst_truth(given, fresh):
    """The excess, in fresh rows, of the tenth that the trees of STR102 expect most of."""
    held, there = given.grid, fresh[Role.TEST]
    sample, new = given.summary(Role.TEST, SAMPLE), RowSample(there, len(there), len(there))
    rows, other = (scored_rows(s, held, (CANDIDATE,)) for s in (sample, new))
    half = rows.unit // np.uint64(250) % np.uint64(2) == 0
    mean = np.average(rows.loss[CANDIDATE], weights=rows.weight)
    excess = excess_loss(rows, CANDIDATE, TASK, half) / mean
    over = excess_loss(other, CANDIDATE, TASK, np.ones(other.n, bool)) / other.loss[CANDIDATE].mean()
    fold, codes, found = fold_of(sample.rows), codes_of(sample.rows, held), []
    for k in range(5):
        score = learnt(excess, rows.weight, codes, fold != k, codes_of(there, held))
        found.append(over[np.argsort(-score)[: other.n // 10]].mean())
    return {("worst_excess", "model"): float(np.mean(found))}


def proxy_truth(given, fresh):
    """The area, on fresh rows, of the trees that BIA105 fitted."""
    held, batch, there = given.grid, given.summary(Role.TEST, SAMPLE).thin(given.options.max_rows), fresh[Role.TEST]
    fold, matrices = fold_of(batch), (codes_of(batch, held), codes_of(there, held))
    found = {}
    for column in ("sex", "team"):
        member, other = ((b.sensitive[column] == "a").to_numpy(float) for b in (batch, there))
        areas = [
            roc_auc_score(other, learnt(member, batch.weight / WEIGHT_ONE, matrices[0], fold != k, matrices[1]))
            for k in range(5)
        ]
        found["proxy_auc", f"group:{column}=a"] = float(np.mean(areas))
    return found | {("proxy_auc", "group:team=a"): CHANCE}


def two_sample_truth(given, fresh):
    """The area, on fresh rows, of the classifier that DRF103 fitted."""
    held, sides = given.grid, [given.summary(role, SAMPLE).rows for role in (Role.REFERENCE, Role.TEST)]
    X, label, unit, weight = _joined(sides, given)
    there = evenly_coded([fresh[role] for role in (Role.TRAIN, Role.PRODUCTION)], held)
    taught = np.append(unit // np.uint64(50) % np.uint64(2) == 0, np.zeros(len(there), bool))
    label, weight = (np.append(held, np.zeros(len(there), held.dtype)) for held in (label, weight))
    score, _ = _told_apart(np.concatenate([X, there]), label, taught, weight, given)
    return {("c2st_auc", "model"): roc_auc_score(np.repeat([0, 1], len(there) // 2), score[-len(there) :])}


def searched_truth(given, fresh):
    """What the slices that PRF202 found on each half add to the mean loss of fresh rows."""
    held, there = given.grid, fresh[Role.TEST]
    sample = given.summary(Role.TEST, SAMPLE)
    (m,) = (m for m in check_of("PRF202").measure(given) if m.metric == "largest_excess")
    names = [part.removeprefix("slice:") for part in m.note.split("; ") if part.startswith("slice:")]
    rows = scored_rows(RowSample(there, len(there), len(there)), held, (CANDIDATE,))
    over = excess_loss(rows, CANDIDATE, TASK, np.ones(rows.n, bool)) / rows.loss[CANDIDATE].mean()
    half, total = sample.rows.unit // np.uint64(50) % np.uint64(2) == 0, 0.0
    for name, judged in zip((names[0], names[-1]), (~half, half), strict=True):
        inside = there.X.eval(name).to_numpy()
        size = max((sample.rows.X.eval(name).to_numpy() & judged).sum(), 1)
        total += (over * inside).mean() / 2 * min(1.0, 0.2 * judged.sum() / size)
    return {("largest_excess", "model"): total}


def noise_truth(_given, _fresh):
    """No label of the simulation is wrong."""
    return {("noise_excess", s): 0.0 for s in ("model", "class:0", "class:1")} | {
        ("month_noise", f"period:2025-0{m}-01..2025-0{m}-{d}"): 0.0 for m, d in ((1, 31), (2, 28), (3, 31), (4, 30))
    }


TRUTHS = {
    "FIT103": fit_truth, "QUA101": noise_truth, "QUA107": noise_truth, "BIA105": proxy_truth, "LEK110": told_truth,
    "STR102": worst_truth, "PRF202": searched_truth, "DRF103": two_sample_truth,
}  # fmt: skip


def study(code, design, replicates, n):
    """Rows of the table, and the CPU seconds of one replicate."""
    held, truths = collections.defaultdict(list), collections.defaultdict(list)
    unweighted = "clustered" if design == "clustered" else "iid"
    fresh = {
        role: rows(np.random.default_rng(10**6 + i), FRESH, unweighted, 0.3 * (role is Role.PRODUCTION))
        for i, role in enumerate((Role.TRAIN, Role.TEST, Role.PRODUCTION))
    }
    cpu = 0.0
    for seed in range(replicates):
        data = trial(design, seed, n)
        given = given_of(code, data, design, seed)
        began = time.process_time()
        seen = {(m.metric, m.subject): m for m in check_of(code).measure(given) if m.metric in WANTED[code]}
        cpu += time.process_time() - began
        true = TRUTHS[code](given, fresh)
        for key, m in seen.items():
            if m.low is not None:
                held[key].append(m)
                truths[key].append(true.get(key, np.nan))
    for (metric, subject), seen in held.items():
        mean = float(np.mean([m.value for m in seen]))
        low, high = (np.array([getattr(m, end) for m in seen]) for end in ("low", "high"))
        true = np.array(truths[metric, subject])
        yield (
            metric,
            subject,
            mean,
            np.mean(true),
            np.mean(high - low) / 2,
            np.mean((low <= true) & (true <= high)) if np.isfinite(true).all() else np.nan,
            np.mean((low <= mean) & (mean <= high)),
            len(seen),
            seen[-1].level,
            cpu / replicates,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--designs", default="iid,clustered,weighted")
    parser.add_argument("--codes", default=",".join(WANTED))
    chosen = parser.parse_args()
    print(
        "| design | check | metric | subject | value | truth | half-width | held the truth | held the mean | of | level | CPU s |"
    )
    print("|" + " --- |" * 12, flush=True)
    for code in chosen.codes.split(","):
        for design in chosen.designs.split(","):
            for metric, subject, mean, true, width, covered, average, of, level, each in study(
                code, design, chosen.replicates, chosen.rows
            ):
                print(
                    f"| {design} | {code} | {metric} | {subject} | {mean:.4f} | {true:.4f} | {width:.4f} | {covered:.3f} "
                    f"| {average:.3f} | {of} | {level:.3f} | {each:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
