"""Refits of our own learner, in the parent: what chance alone does to a model's shares."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.data import GROUPS, WEIGHT_ONE, Batch, Grid, LevelBins, Task
from ..stats.attribution import permutation_shapley
from .goodness import goodness
from .learners import fit_rung, unless_ones
from .row_sample import take
from .scored_rows import ScoredRows

Floats = NDArray[np.float64]
EXPLAINED, PERMUTATIONS = 200, 4
LEVEL_ROWS = 40


def design(codes: NDArray[np.int32], grid: Grid) -> NDArray[np.int32]:
    """Bin codes as a matrix that a histogram learner takes: at most 250 bins a feature."""
    out = codes.astype(np.int32)
    for j, bins in enumerate(grid.features.values()):
        if bins.n_bins > 250:
            out[:, j] = out[:, j] * 250 // bins.n_bins
    return out


def evenly_coded(batches: Sequence[Batch], grid: Grid) -> NDArray[np.int32]:
    """(n, d) codes for what is to tell batches apart: levels by how often all the rows have them, those of under 40 rows in one bin.

    Which levels the grid keeps, and in which order, is told by one role's rows, chance included; by that alone they are told from others.
    """
    codes = np.concatenate([b.codes for b in batches])
    for j, bins in enumerate(grid.features.values()):
        if isinstance(bins, LevelBins):
            rows = np.bincount(codes[:, j], minlength=bins.n_bins)[: bins.remainder]
            kept = np.argsort(-rows, kind="stable")[: (rows >= LEVEL_ROWS).sum()]
            place = np.full(bins.n_bins, bins.remainder)
            place[kept], place[bins.new], place[bins.missing] = np.arange(len(kept)), bins.new, bins.missing
            codes[:, j] = place[codes[:, j]]
    return design(codes, grid)


def as_read(grid: Grid, reads: Collection[str]) -> Grid:
    """The grid of the features that a candidate lists as its own; of all where it lists none of them."""
    kept = {name: bins for name, bins in grid.features.items() if name in reads}
    return replace(grid, features=kept) if kept else grid


def rows_as_read(batch: Batch, grid: Grid, narrow: Grid) -> Batch:
    """A batch of the grid with the codes of the features of a narrower one."""
    if len(narrow.features) == len(grid.features):
        return batch
    return replace(batch, codes=batch.codes[:, [j for j, name in enumerate(grid.features) if name in narrow.features]])


def fit_restrained(
    train: Batch, there: Batch, task: Task, grid: Grid, *, rounds: int = 200, rate: float = 0.05
) -> Floats | None:
    """(n, n_scores) scores of other rows by boosted trees on the bins, held back: a small rate, 12 leaves of 40 rows.

    None where the training rows have one class only.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    X, Z, weight = design(train.codes, grid), design(there.codes, grid), train.weight / float(1 << 20)
    settings = {
        "max_iter": rounds,
        "learning_rate": rate,
        "max_leaf_nodes": 12,
        "min_samples_leaf": 40,
        "l2_regularization": 5.0,
    }
    if task.type == "regression":
        model = HistGradientBoostingRegressor(random_state=0, early_stopping=False, **settings)
        return np.asarray(model.fit(X, train.y, sample_weight=unless_ones(weight)).predict(Z), np.float64).reshape(
            -1, 1
        )
    if len(np.unique(train.y)) < 2:
        return None
    settings["max_iter"] = rounds if task.type == "binary" else min(rounds, 80)
    classifier = HistGradientBoostingClassifier(random_state=0, early_stopping=False, **settings)
    found = np.zeros((len(Z), max(2, len(task.classes))))
    fitted = classifier.fit(X, train.y, sample_weight=unless_ones(weight))
    found[:, fitted.classes_.astype(int)] = fitted.predict_proba(Z)
    return found[:, 1:2] if task.type == "binary" else found


def refit_goodness(
    train: Batch, there: Batch, rows: ScoredRows, task: Task, grid: Grid, *, left_out: Collection[str] = ()
) -> Floats:
    """(1 + groups,) the metric, on scored rows, of our boosted learner refitted without some features.

    `there` holds the rows of `rows`, in that order. NaN where the training rows have one class only, or no feature is left.
    """
    kept = np.array([f not in left_out for f in grid.features])
    weight = train.weight / WEIGHT_ONE
    fitted = fit_rung("boosted", design(train.codes, grid)[:, kept], train.y, weight, task) if kept.any() else None
    if fitted is None:
        return np.full(1 + rows.groups, np.nan)
    return goodness(rows, fitted.predict(design(there.codes, grid)[:, kept]), task)


def cross_fitted(target: Floats, weight: Floats, matrix: Floats, fold: NDArray[np.int64], *, folds: int = 5) -> Floats:
    """(n,) what boosted trees, fitted on the other folds, expect of a target; cautious on purpose, for small signals.

    Good for choosing rows. What the trees are worth is told with an interval on rows that taught none of them (`expected_elsewhere`).
    """
    found = np.zeros(len(target))
    for k in range(folds):
        mine = fold == k
        if mine.any() and not mine.all():
            found[mine] = expected_elsewhere(target, weight, matrix, ~mine)
    return found


def expected_elsewhere(target: Floats, weight: Floats, matrix: Floats, learnt: NDArray[np.bool_]) -> Floats:
    """(n - learnt,) what boosted trees, fitted on the rows learnt from, expect of a target in the others."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=80, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=10.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(matrix[learnt], target[learnt], sample_weight=unless_ones(weight[learnt]))
    return np.asarray(model.predict(matrix[~learnt]), np.float64)


def expected_error(train: Batch, there: Batch, task: Task, grid: Grid) -> tuple[Floats, Floats] | None:
    """Squared error of a regression that is natural at other rows: that of our own learner inside train, as a function of the
    features; (n,) as the errors in one half of train tell it, and as those in the other half do.

    The learner is fitted on each half of train (by what makes rows dependent) and errs on the other; a second one, with the gamma
    deviance, for squares spread like their mean, learns how much. Each of the two is too low somewhere by chance: rows that were found
    by one are to be judged by the other. None with fewer than 400 training rows or none in error.
    """
    train = take(train, np.flatnonzero(~np.isnan(train.y) & (train.weight > 0)))
    half = train.unit // np.uint64(GROUPS) % np.uint64(2) == 0
    if min(half.sum(), (~half).sum()) < 200:
        return None
    found = []
    for side in (half, ~half):
        mine, other = take(train, np.flatnonzero(side)), take(train, np.flatnonzero(~side))
        fitted = fit_restrained(other, mine, task, grid)
        natural = None if fitted is None else _size_of_squares(mine, (mine.y - fitted[:, 0]) ** 2, there, grid)
        if natural is None:
            return None
        found.append(natural)
    return found[0], found[1]


def _size_of_squares(batch: Batch, square: Floats, there: Batch, grid: Grid) -> Floats | None:
    """(n,) what the features of other rows tell of squared errors; None where there are no errors."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    mean = float(np.average(square, weights=batch.weight))
    if not mean > 0:
        return None
    model = HistGradientBoostingRegressor(
        loss="gamma", max_iter=100, learning_rate=0.1, max_leaf_nodes=12, min_samples_leaf=40, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(design(batch.codes, grid), np.maximum(square, 1e-6 * mean), sample_weight=batch.weight / float(1 << 20))
    return np.asarray(model.predict(design(there.codes, grid)), np.float64)


def refit_shares(
    train: Batch,
    test: Batch,
    task: Task,
    grid: Grid,
    groups: Sequence[Sequence[str]],
    *,
    refits: int,
    rng: np.random.Generator,
) -> Floats | None:
    """(1 + refits, groups) shares under our own learner, then under its bootstrap refits on train; None with under 100 labelled rows.

    The learner is a small gradient boosting on the bin codes; shares as in `Attributions.sizes`.
    """
    known = np.flatnonzero(~np.isnan(train.y))
    names = list(grid.features)
    members = [[names.index(f) for f in g] for g in groups]
    if len(known) < 100:
        return None
    X, y = design(train.codes[known], grid), train.y[known]
    Z = design(test.codes, grid)[: EXPLAINED * 5]
    seed = int(rng.integers(2**31))
    shares = []
    for k in range(refits + 1):
        rows = np.arange(len(y)) if k == 0 else rng.integers(0, len(y), len(y))
        score = _fitted(X[rows], y[rows], train.weight[known][rows], task)
        shares.append(_shares(score, Z, members, np.random.default_rng(seed)))
    return np.array(shares)


def _fitted(X: NDArray[np.int32], y: Floats, weight: NDArray[np.int64], task: Task):  # type: ignore[no-untyped-def] # noqa: ANN202
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings = {
        "max_iter": 60,
        "learning_rate": 0.1,
        "max_leaf_nodes": 10,
        "min_samples_leaf": 30,
        "early_stopping": False,
    }
    kind = HistGradientBoostingRegressor if task.type == "regression" else HistGradientBoostingClassifier
    model = kind(random_state=0, l2_regularization=1.0, **settings).fit(X, y, sample_weight=weight / float(1 << 20))

    def score(rows: NDArray[np.int32]) -> Floats:
        raw = model.predict(rows) if task.type == "regression" else model.decision_function(rows)
        return np.asarray(raw if raw.ndim == 1 else raw[:, 0], np.float64)

    return score


def _shares(score, Z: NDArray[np.int32], members: list[list[int]], rng: np.random.Generator) -> Floats:  # type: ignore[no-untyped-def] # noqa: ANN001
    def value(from_row: NDArray[np.bool_], row: NDArray[np.int64], background: NDArray[np.int64]) -> Floats:
        return np.asarray(score(np.where(from_row, Z[row], Z[background])))

    n = min(EXPLAINED, len(Z))
    halves, _ = permutation_shapley(value, n, len(Z), Z.shape[1], permutations=PERMUTATIONS, rng=rng)
    phi = halves.mean(axis=0)
    size = np.array([np.abs(phi[:, m].sum(axis=1)).mean() for m in members])
    total = size.sum()
    return np.asarray(size / total if total > 0 else size)
