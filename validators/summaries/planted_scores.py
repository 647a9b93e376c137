"""Faults of scores and outcomes, planted with a known size. Each returns None where the data cannot carry it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Batch, Grid
from ..stats.perturb import quantile_shift
from ..stats.ranking import roc_auc
from ..stats.recalibration import logits
from .quantities import QUANTITIES, per_row
from .row_sample import take
from .worlds import Floats, Planted, World, some

LOSS = QUANTITIES.index("loss")
MIN_ROWS = 50


def score_shift(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """The candidate's scores moved up by so many sigma on the scale of their normal scores."""
    score = world.batch.scores[CANDIDATE].copy()
    score[:, 0] = quantile_shift(score[:, 0], size, rng.random(len(score)))
    return Planted(world=_scored(world, score), subject="", changed=1.0)


def score_offset(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """The candidate's scores moved so that their mean changes by so many standard deviations of the prior's scores.

    Probabilities move in proportion to p (1 - p), which keeps them probabilities.
    """
    score, prior = world.batch.scores[CANDIDATE].copy(), world.batch.scores[PRIOR][:, 0]
    regression, p = world.task.type == "regression", score[:, 0]
    good = np.isfinite(p) & np.isfinite(prior)
    if not good.any() or world.task.type == "multiclass":
        return None
    room = np.ones_like(p) if regression else p * (1 - p)
    moved = p + size * prior[good].std() * room / max(float(room[good].mean()), 1e-12)
    score[good, 0] = moved[good] if regression else np.clip(moved[good], 0, 1)
    return Planted(world=_scored(world, score), subject="", changed=float(good.mean()))


def decision_flips(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the candidate's decisions turned round: the score is mirrored in the threshold."""
    t = world.task.threshold
    if world.task.type != "binary" or t is None:
        return None
    score = world.batch.scores[CANDIDATE].copy()
    hit = some(len(score), size, rng)
    p = score[hit, 0]
    score[hit, 0] = np.where(
        p >= t, t * (1 - (p - t) / max(1 - t, 1e-12)) * (1 - 1e-9), t + (1 - t) * (t - p) / max(t, 1e-12)
    )
    return Planted(world=_scored(world, score), subject="", changed=float(hit.mean()))


def one_way_flips(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the decisions turned from favourable to unfavourable."""
    t = world.task.threshold
    if world.task.type != "binary" or t is None:
        return None
    score = world.batch.scores[CANDIDATE][:, 0]
    bad_is_high = world.task.favourable is None or world.task.favourable != world.task.positive
    able = np.flatnonzero((score < t) if bad_is_high else (score >= t))
    wanted = round(size * len(score))
    if len(able) < wanted:
        return None
    hit = np.zeros(len(score), np.bool_)
    hit[rng.choice(able, wanted, replace=False)] = True
    only = replace(world, rows={world.into: take(world.batch, np.flatnonzero(hit))})
    turned = decision_flips(only, 1.0, rng, turn)
    if turned is None:
        return None
    new = world.batch.scores[CANDIDATE].copy()
    new[hit] = turned.world.batch.scores[CANDIDATE]
    return Planted(world=_scored(world, new), subject="", changed=float(hit.mean()))


def unusable_scores(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """That share of the candidate's scores is missing; of several classes the score of one."""
    score = world.batch.scores[CANDIDATE].copy()
    hit = some(len(score), size, rng)
    score[hit, turn % score.shape[1]] = np.nan
    return Planted(world=_scored(world, score), subject="", changed=float(hit.mean()))


def ranking_lost(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """A share of rows get another row's score, as many as lower the AUC by `size` (regression: R2 / 2)."""
    batch = world.batch
    rows = _usable_rows(batch, world.grid)
    share = _share_for(batch, world, rows, size)
    if share is None:
        return None
    return _rescored(world, rows, share, rng)


def ranking_lost_late(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """The same, in the second half of the periods."""
    batch = world.batch
    rows = _usable_rows(batch, world.grid)
    middle = float(np.median(batch.period[rows])) if len(rows) else 0.0
    share = _share_for(batch, world, rows, size)
    if share is None:
        return None
    return _rescored(world, rows[batch.period[rows] > middle], share, rng)


def loss_increase(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """A share of rows get another row's score, as many as raise the mean loss by `size`, relative."""
    batch = world.batch
    rows = _usable_rows(batch, world.grid)
    score = batch.scores[CANDIDATE]
    dealt = score.copy()
    dealt[rows] = score[rng.permutation(rows)]
    before = per_row(batch.y, score, world.grid).values[rows, LOSS]
    after = per_row(batch.y, dealt, world.grid).values[rows, LOSS]
    gained = float((after - before).mean()) if len(rows) else 0.0
    if gained <= 0:
        return None
    return _rescored(world, rows, min(size * float(before.mean()) / gained, 1.0), rng)


def slope(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Scores too extreme: the calibration slope becomes 1 - size."""
    return _stretched(world, 1 / (1 - size)) if size < 1 else None


def flat_slope(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Scores too timid: the calibration slope becomes 1 + size."""
    return _stretched(world, 1 / (1 + size))


def level_off(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """The observed base rate falls short of the expected one by `size`, relative to it."""
    batch = world.batch
    if world.task.type != "binary":
        return None
    y = batch.y.copy()
    hit = (y == 1) & (rng.random(len(y)) < size / (1 + size))
    y[hit] = 0.0
    return Planted(world=world.having(replace(batch, y=y)), subject="", changed=float(hit.mean()))


def slice_loss(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """Outcomes turned in a declared slice until its loss exceeds what the model expects by `size` mean losses."""
    names = list(world.grid.slices)
    if not names or world.task.type != "binary":
        return None
    k = turn % len(names)
    inside = world.batch.slices[:, k]
    return _worse_in(world, inside, size * int(inside.sum()), subjects.slice_of([world.grid.slices[names[k]]]), rng)


def _worse_in(
    world: World, inside: NDArray[np.bool_], wanted: float, subject: str, rng: np.random.Generator
) -> Planted | None:
    batch = world.batch
    score = batch.scores[CANDIDATE]
    now = per_row(batch.y, score, world.grid)
    then = per_row(1 - batch.y, score, world.grid)
    order = rng.permutation(np.flatnonzero(inside & now.usable))
    # rows in which the turned outcome costs more than it gains, so that every turned row adds to the loss
    added = (then.values - now.values)[order, LOSS]
    order, added = order[added > 0], added[added > 0]
    mean = float(now.values[now.usable, LOSS].mean()) if now.usable.any() else 0.0
    count = int(np.searchsorted(np.cumsum(added), wanted * mean)) + 1
    if count > len(order):
        return None
    y = batch.y.copy()
    y[order[:count]] = 1 - y[order[:count]]
    return Planted(world=world.having(replace(batch, y=y)), subject=subject, changed=count / len(batch))


def _scored(world: World, score: Floats) -> World:
    return world.having(replace(world.batch, scores={**world.batch.scores, CANDIDATE: score}))


def _usable_rows(batch: Batch, grid: Grid) -> NDArray[np.int64]:
    return np.flatnonzero(per_row(batch.y, batch.scores[CANDIDATE], grid).usable)


def _rescored(world: World, rows: NDArray[np.int64], share: float, rng: np.random.Generator) -> Planted:
    """A share of those rows get the score of another of them."""
    score = world.batch.scores[CANDIDATE].copy()
    hit = rows[rng.random(len(rows)) < share]
    score[hit] = world.batch.scores[CANDIDATE][rng.permutation(hit)]
    return Planted(world=_scored(world, score), subject="", changed=len(hit) / max(len(score), 1))


def _share_for(batch: Batch, world: World, rows: NDArray[np.int64], size: float) -> float | None:
    """Share of rows to deal out so that the metric falls by `size`; None where there is not that much to lose.

    Both metrics lose in proportion: of the AUC above one half the share of rows that keep their own score remains, and a dealt
    prediction costs R2 twice its covariance with the outcome.
    """
    if world.task.type == "multiclass" or len(rows) < MIN_ROWS:
        return None
    score, y = batch.scores[CANDIDATE][rows, 0], batch.y[rows]
    lift: float | None
    if world.task.type == "regression":
        lift = float(np.cov(score, y)[0, 1] / max(float(np.var(y)), 1e-300))
    else:
        values, code = np.unique(score, return_inverse=True)
        area = roc_auc(*(np.bincount(code[y == label], minlength=len(values)) for label in (0, 1)))
        lift = None if area is None else area - 0.5
    return size / lift if lift is not None and 0 < size < lift else None


def _stretched(world: World, factor: float) -> Planted | None:
    if world.task.type == "multiclass":
        return None
    score = world.batch.scores[CANDIDATE].copy()
    if world.task.type == "binary":
        score[:, 0] = expit(factor * logits(score[:, 0]))
    else:
        middle = float(np.nanmean(score[:, 0]))
        score[:, 0] = middle + factor * (score[:, 0] - middle)
    return Planted(world=_scored(world, score), subject="", changed=1.0)
