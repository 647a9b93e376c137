"""Sampled rows of every role as a world that can be changed, and what it would be without any fault.

A null takes a world and gives one of which a certain fault is absent. Nothing here calls a model: scores are moved, not made.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.attributions import Attributions
from ..core.data import CANDIDATE, PRIOR, Batch, Grid, Role, Task
from ..core.models import Model
from ..core.records import Kind
from .row_sample import concat, take

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The sampled rows of every role, and what is needed to change them. Faults go into the rows of `into`.

    `attributions`, `schemas`, `models` and `looks` stand in for those of the run where a fault goes into them; `constraints` and
    `golden` rows are those of the project.
    """

    rows: Mapping[Role, Batch]
    grid: Grid
    task: Task
    into: Role
    attributions: Attributions | None = None
    schemas: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    constraints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    golden: pd.DataFrame | None = None
    looks: tuple[str, ...] = ()

    @property
    def batch(self) -> Batch:
        """The rows that a fault goes into."""
        return self.rows[self.into]

    @property
    def other(self) -> Role | None:
        """The role that the rows are compared with; None where no other has rows."""
        roles = (Role.REFERENCE, Role.TRAIN, Role.TEST)
        return next((r for r in roles if r in self.rows and r is not self.into), None)

    def having(self, batch: Batch) -> "World":
        """The world with other rows in place of those of `into`."""
        return replace(self, rows={**self.rows, self.into: batch})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A world with a fault, the subject that must alarm (part of it; empty: any), and the share of rows that were changed."""

    world: World
    subject: str
    changed: float


class WorldSummaries(Mapping[tuple[Role, Kind], Any]):
    """Those of a run, but of a world's rows where it has a role: made when they are first asked for.

    `made` keeps the last of each with its rows, for what is planted in one role leaves the others as they are.
    """

    def __init__(
        self,
        of_run: Mapping[tuple[Role, Kind], Any],
        world: World,
        made: dict[tuple[Role, Kind], tuple[Batch, Any]],
    ) -> None:
        self._of_run, self._world, self._made = of_run, world, made

    def __getitem__(self, key: tuple[Role, Kind]) -> Any:
        role, kind = key
        rows = self._world.rows.get(role)
        if rows is None or key not in self._of_run:
            return self._of_run[key]
        if key not in self._made or self._made[key][0] is not rows:
            self._made[key] = rows, kind.of(rows, self._world.grid)
        return self._made[key][1]

    def __contains__(self, key: object) -> bool:
        return key in self._of_run

    def __iter__(self) -> Iterator[tuple[Role, Kind]]:
        return iter(self._of_run)

    def __len__(self) -> int:
        return len(self._of_run)


Null = Callable[[World, np.random.Generator], World | None]
Fault = Callable[[World, float, np.random.Generator, int], Planted | None]


def exchanged(world: World, rng: np.random.Generator) -> World | None:
    """The rows of both roles dealt out anew at random, rows of one unit together: whatever told the roles apart is gone."""
    other = world.other
    if other is None:
        return None
    mine, pool = len(world.batch), concat(*_alike(world.batch, world.rows[other]))
    _, unit = np.unique(pool.unit, return_inverse=True)
    order = rng.permutation(int(unit.max(initial=-1)) + 1)
    filled = np.cumsum(np.bincount(unit, minlength=len(order))[order])
    chosen = np.zeros(len(order), np.bool_)
    chosen[order[: int(np.searchsorted(filled, mine)) + 1]] = True
    inside = chosen[unit]
    return replace(
        world,
        rows={
            **world.rows,
            world.into: take(pool, np.flatnonzero(inside)),
            other: take(pool, np.flatnonzero(~inside)),
        },
    )


def _alike(a: Batch, b: Batch) -> tuple[Batch, Batch]:
    """Both with what both have: scores of the same models, times, sensitive columns."""
    models = [m for m in a.scores if m in b.scores]
    both = [c for c in a.sensitive if c in b.sensitive]
    late = [f for f in a.lateness if f in b.lateness]
    timed, read = a.time is not None and b.time is not None, a.immature is not None and b.immature is not None

    def cut(batch: Batch) -> Batch:
        return replace(
            batch,
            scores={m: batch.scores[m] for m in models},
            sensitive=batch.sensitive[both],
            lateness={f: batch.lateness[f] for f in late},
            time=batch.time if timed else None,
            immature=batch.immature if read else None,
        )

    return cut(a), cut(b)


def swapped(world: World, rng: np.random.Generator) -> World:
    """Candidate and prior change places in half of the units: neither is better than the other."""
    batch = world.batch
    _, unit = np.unique(batch.unit, return_inverse=True)
    turn = (rng.random(int(unit.max(initial=-1)) + 1) < 0.5)[unit][:, None]
    a, b = batch.scores[CANDIDATE], batch.scores[PRIOR]
    scores = {**batch.scores, CANDIDATE: np.where(turn, b, a), PRIOR: np.where(turn, a, b)}
    return world.having(replace(batch, scores=scores))


def copied(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """The candidate scores as the prior does."""
    batch = world.batch
    return world.having(replace(batch, scores={**batch.scores, CANDIDATE: batch.scores[PRIOR].copy()}))


def redrawn(world: World, rng: np.random.Generator) -> World:
    """Outcomes drawn from the candidate's own probabilities (regression: residuals dealt out anew among similar predictions)."""
    batch = world.batch
    score = batch.scores[CANDIDATE]
    known = np.isfinite(batch.y) & np.isfinite(score).all(axis=1)
    y = batch.y.copy()
    if world.task.type == "binary":
        y[known] = rng.random(int(known.sum())) < score[known, 0]
    elif world.task.type == "multiclass":
        below = np.cumsum(score[known], axis=1)[:, :-1]
        y[known] = (rng.random((len(below), 1)) > below).sum(axis=1)
    else:
        y[known] = score[known, 0] + _dealt(batch.y[known] - score[known, 0], score[known, 0], rng)
    return world.having(replace(batch, y=y))


def _dealt(residual: Floats, score: Floats, rng: np.random.Generator) -> Floats:
    """Residuals permuted within tenths of the prediction, and centred there."""
    out = np.empty_like(residual)
    for part in np.array_split(np.argsort(score, kind="stable"), 10):
        if len(part):
            out[part] = rng.permutation(residual[part]) - residual[part].mean()
    return out


def shuffled_in_time(world: World, rng: np.random.Generator) -> World:
    """The rows dealt out anew over the periods, rows of one unit next to each other: no date means anything."""
    batch = world.batch
    _, unit = np.unique(batch.unit, return_inverse=True)
    order = np.argsort(rng.permutation(int(unit.max(initial=-1)) + 1)[unit], kind="stable")
    when = np.argsort(batch.period, kind="stable")
    period = np.empty_like(batch.period)
    period[order] = batch.period[when]
    time = None
    if batch.time is not None:
        time = np.empty_like(batch.time)
        time[order] = batch.time[when]
    return world.having(replace(batch, period=period, time=time))


def usable(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """Only the rows whose scores can be used."""
    score = world.batch.scores[CANDIDATE]
    good = np.isfinite(score).all(axis=1)
    if world.task.type != "regression":
        good &= ((score >= 0) & (score <= 1)).all(axis=1)
    return world.having(take(world.batch, np.flatnonzero(good)))


def keyed(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """One row of every key."""
    _, first = np.unique(world.batch.key, return_index=True)
    return world.having(take(world.batch, np.sort(first)))


def first_look(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """No other candidate was measured on the rows of test."""
    return replace(world, looks=("this one",))


def looked_before(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted:  # noqa: ARG001
    """So many other candidates were measured on the rows of test."""
    others = tuple(f"candidate {k}" for k in range(round(size)))
    return Planted(world=replace(world, looks=(*world.looks, *others)), subject="", changed=0.0)


def some(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """That share of n rows, at least one, at random."""
    hit = np.zeros(n, np.bool_)
    hit[rng.permutation(n)[: max(round(share * n), 1)]] = True
    return hit
