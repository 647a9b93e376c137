"""Faults of what knows the outcome, planted with a known size: one feature, gaps, or a simple model that knows more than the candidate."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..core import subjects
from ..core.data import CANDIDATE, WEIGHT_ONE, Batch, Role, Task, with_columns
from .goodness import base, goodness
from .learners import fit_rung, learn_encoding
from .planted_quality import numbers
from .planted_scores import loss_increase, ranking_lost
from .quantities import QUANTITIES, per_row
from .row_sample import RowSample, take
from .scored_rows import ScoredRows, scored_rows
from .worlds import Floats, Planted, World

LOSS = QUANTITIES.index("loss")
MOST, MODAL, BITS = 0.499, 0.05, 4


def features_dealt(world: World, rng: np.random.Generator) -> World:
    """The features dealt out anew over the rows of each role: none of them knows the outcome.

    In regression the outcomes of all roles get the distribution of those of `into`, for a level that moved is another fault.
    """
    rows = {role: _dealt(b, rng.permutation(len(b))) for role, b in world.rows.items()}
    if world.task.type == "regression":
        rows = {role: replace(b, y=_alike(b.y, world.batch.y)) for role, b in rows.items()}
    return replace(world, rows=rows)


def _alike(y: Floats, model: Floats) -> Floats:
    """Outcomes in their order, with the quantiles of others."""
    out, known, pool = y.copy(), np.flatnonzero(~np.isnan(y)), model[~np.isnan(model)]
    if len(known) and len(pool):
        out[known[np.argsort(y[known], kind="stable")]] = np.quantile(pool, (np.arange(len(known)) + 0.5) / len(known))
    return out


def _dealt(batch: Batch, order: NDArray[np.int64]) -> Batch:
    moved = take(batch, order)
    return replace(
        batch, X=moved.X, codes=moved.codes, slices=moved.slices, sensitive=moved.sensitive, lateness=moved.lateness
    )


def told_by_a_feature(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """The values of one feature stand in the order of the outcome, as nearly as gives it `size` of the candidate's gain."""
    gain = _gain(world)
    able = [f for f in numbers(world.batch, world) if world.batch.X[f].value_counts(normalize=True).max() <= MODAL]
    if gain is None or not able:
        return None
    name, wanted = able[turn % len(able)], min(size * gain, MOST)
    j = list(world.grid.features).index(name)
    rows = {r: _ordered(b, j, _clue(b.y, wanted, world.task, rng), world.batch) for r, b in world.rows.items()}
    return Planted(world=replace(world, rows=rows), subject=subjects.feature(name), changed=1.0)


def told_by_gaps(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """Which features are missing tells the outcome, as nearly as gives it `size` of the candidate's gain."""
    gain = _gain(world)
    kinds = 2**BITS if world.task.type == "regression" else len(world.task.classes)
    bits = int(np.ceil(np.log2(max(kinds, 2))))
    able = [f for f in world.grid.features if all(not b.X[f].isna().any() for b in world.rows.values())]
    if gain is None or len(able) < bits:
        return None
    wanted = min(2 * size * gain, 1.0)
    share = np.sqrt(wanted) if world.task.type == "regression" else wanted
    chosen = np.roll(able, -turn)[:bits].tolist()
    rows = {role: _emptied(b, chosen, float(share), world, rng) for role, b in world.rows.items()}
    return Planted(world=replace(world, rows=rows), subject="", changed=float(share))


def behind_simple(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """The candidate's scores get so much worse that a simple model of our own is ahead by `size`."""
    train = take(world.rows[Role.TRAIN], np.flatnonzero(~np.isnan(world.rows[Role.TRAIN].y)))
    rows = _scored(world)
    if not len(train) or not rows.n:
        return None
    encode = learn_encoding(train, world.grid)
    weight = train.weight / WEIGHT_ONE
    fitted = fit_rung("simple", encode(train, world.grid), train.y, weight, world.task)
    if fitted is None:
        return None
    simple = fitted.predict(encode(take(world.batch, rows.where), world.grid))
    if world.task.type == "binary":
        lead = goodness(rows, rows.scores[CANDIDATE], world.task)[0] - goodness(rows, simple, world.task)[0]
        return ranking_lost(world, float(lead) + size, rng, turn)
    mine, theirs = (
        float(np.average(per_row(rows.y, s, world.grid).values[:, LOSS], weights=rows.weight))
        for s in (rows.scores[CANDIDATE], simple)
    )
    return loss_increase(world, (1 + size) * theirs / mine - 1, rng, turn) if mine > 0 else None


def _scored(world: World) -> ScoredRows:
    held = world.batch
    return scored_rows(RowSample(held, len(held), max(len(held), 1)), world.grid, (CANDIDATE,))


def _gain(world: World) -> float | None:
    """What the candidate gains over a constant; None where that is nothing."""
    rows = _scored(world)
    found = goodness(rows, rows.scores[CANDIDATE], world.task)[0] - base(world.task) if rows.n else 0.0
    return float(found) if found > 0 else None


def _clue(y: Floats, gain: float, task: Task, rng: np.random.Generator) -> Floats:
    """The outcome in noise, so that its area under the curve is .5 + gain, or its R2 twice the gain."""
    known = np.where(np.isnan(y), np.nanmean(y), y)
    if task.type == "regression":
        return known + rng.normal(0, float(known.std()) * np.sqrt(0.5 / gain - 1), len(y))
    return known + rng.normal(0, 1 / (np.sqrt(2) * float(ndtri(0.5 + gain))), len(y))


def _ordered(batch: Batch, j: int, clue: Floats, model: Batch) -> Batch:
    """The values that a feature has in `model`, given to the rows in the order of a clue; missing ones last.

    Of one batch for all roles: where the feature has moved between them, one clue would mean another value in each.
    """
    values = model.X.iloc[:, j].to_numpy(np.float64, na_value=np.nan)
    level = (np.arange(len(batch)) + 0.5) / max(len(batch), 1)
    donor = np.empty(len(batch), np.int64)
    donor[np.argsort(clue, kind="stable")] = np.argsort(values, kind="stable")[(level * len(values)).astype(np.int64)]
    codes = batch.codes.copy()
    codes[:, j] = model.codes[donor, j]
    name = batch.X.columns[j]
    return replace(
        batch, codes=codes, X=with_columns(batch.X, {name: model.X[name].take(donor).set_axis(batch.X.index)})
    )


def _emptied(batch: Batch, names: list[str], share: float, world: World, rng: np.random.Generator) -> Batch:
    """Features emptied by the bits of the class, or of the band of the outcome; in the other rows by those of any row."""
    y = np.where(np.isnan(batch.y), np.nanmean(batch.y), batch.y)
    if world.task.type == "regression":
        y = np.argsort(np.argsort(y, kind="stable"), kind="stable") * 2 ** len(names) // max(len(y), 1)
    kind = np.asarray(y, np.int64)
    kind = np.where(rng.random(len(kind)) < share, kind, rng.permutation(kind))
    X, codes, features = batch.X, batch.codes.copy(), list(world.grid.features)
    for k, name in enumerate(names):
        hit = (kind >> k) % 2 == 1
        X = with_columns(X, {name: X[name].mask(hit)})
        codes[hit, features.index(name)] = world.grid.features[name].missing
    return replace(batch, X=X, codes=codes)
