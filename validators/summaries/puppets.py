"""Models that answer from stored scores, and react to changed input in a known way: what noise checks are tested on.

A puppet is asked for the rows that it knows, once or several times over, and sees which of their values were changed. So a check
that changes nothing finds nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role
from .planted_quality import numbers
from .planted_scores import decision_flips, ranking_lost
from .worlds import Fault, Floats, Planted, World

Answer = Callable[[Floats, NDArray[np.bool_]], Floats]
FAR = 1e-14  # a probability whose log-odds no model of these scores comes near


@dataclass(frozen=True, slots=True, kw_only=True)
class Puppet:
    """Stored scores of known rows; `answer` makes of them, and of (n, d) which values were changed, what it says."""

    X: pd.DataFrame
    scores: Floats
    answer: Answer

    def predict(self, X: pd.DataFrame, /) -> Floats:
        """Scores of the known rows with changed values, as often as they come; raises ValueError for other rows."""
        n = len(self.X)
        if not n or len(X) % n:
            raise ValueError(f"a puppet of {n} rows was asked for {len(X)}")
        parts = [X.iloc[at : at + n] for at in range(0, len(X), n)]
        return np.concatenate([self.answer(self.scores, _changed(self.X, part)) for part in parts])

    def fitted_statistics(self) -> list[dict[str, Any]]:
        """It keeps nothing."""
        return []


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> NDArray[np.bool_]:
    """(n, d) which values differ; missing values are equal."""
    number = pd.api.types.is_numeric_dtype
    numeric = np.array([number(a) and number(b) for a, b in zip(before.dtypes, after.dtypes, strict=True)], np.bool_)
    found = np.zeros(before.shape, np.bool_)
    x, y = (frame.loc[:, numeric].to_numpy(np.float64, na_value=np.nan) for frame in (before, after))
    found[:, numeric] = (x != y) & ~(np.isnan(x) & np.isnan(y))
    for j in np.flatnonzero(~numeric).tolist():
        a, b = (_plain(frame.iloc[:, j]) for frame in (before, after))
        found[:, j] = np.asarray(a != b, np.bool_)
    return found


def _plain(column: pd.Series) -> NDArray[Any]:
    return column.astype(object).where(column.notna(), None).to_numpy()


def _unmoved(scores: Floats, changed: NDArray[np.bool_]) -> Floats:  # noqa: ARG001 - like every answer
    return scores


def steady(world: World, rng: np.random.Generator) -> World:  # noqa: ARG001 - every null has one signature
    """Models that answer as they did, whatever is changed."""
    batch = world.rows[Role.TEST]
    models = {m: Puppet(X=batch.X, scores=s.reshape(len(batch), -1), answer=_unmoved) for m, s in batch.scores.items()}
    return replace(world, models=models)


def flips_under_noise(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """Where an input changes, the candidate turns that share of its decisions round."""
    return _reacting(world, decision_flips, size, rng, turn)


def ranking_lost_under_noise(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """Where an input changes, the candidate gives other rows' scores, as many as lower the AUC by `size` (regression: R2 / 2)."""
    return _reacting(world, ranking_lost, size, rng, turn)


def _reacting(world: World, fault: Fault, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """The candidate answers as after a fault of its scores, in rows of which any value was changed."""
    found = fault(world, size, rng, turn)
    if found is None:
        return None
    after = found.world.batch.scores[CANDIDATE]
    return _answering(
        world, lambda before, changed: np.where(changed.any(axis=1, keepdims=True), after, before), "", found.changed
    )


def touchy_feature(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """Any change of one feature moves the candidate's score, by so many of its standard deviations (root mean square)."""
    names = [n for n in numbers(world.batch, world) if world.batch.X[n].nunique() > 10]
    if not names:
        return None
    name = names[turn % len(names)]
    j = list(world.batch.X.columns).index(name)
    step = size * float(np.nanstd(world.batch.scores[CANDIDATE])) * rng.choice([-1.0, 1.0], len(world.batch))

    def answer(before: Floats, changed: NDArray[np.bool_]) -> Floats:
        mine = changed[:, j]
        return np.asarray(before + (mine * step / np.sqrt(max(float(mine.mean()), 1e-12)))[:, None])

    return _answering(world, answer, subjects.feature(name), 1.0)


def wild_answer(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Whatever is changed in one feature, the candidate's score is far from all others."""
    regression = world.task.type == "regression"
    held = world.batch.scores[CANDIDATE]
    far = float(np.nanmax(held) + 100 * max(np.ptp(held[np.isfinite(held)]), 1.0)) if regression else FAR
    return _odd_answer(world, far, turn)


def broken_answer(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Whatever is changed in one feature, the candidate's score is not a number."""
    return _odd_answer(world, np.nan, turn)


def _odd_answer(world: World, value: float, turn: int) -> Planted | None:
    j = turn % world.batch.X.shape[1]

    def answer(before: Floats, changed: NDArray[np.bool_]) -> Floats:
        return np.where(changed[:, [j]], value, before)

    return _answering(world, answer, subjects.feature(str(world.batch.X.columns[j])), 1.0)


def _answering(world: World, answer: Answer, subject: str, changed: float) -> Planted | None:
    held = world.models.get(CANDIDATE)
    if not isinstance(held, Puppet):
        return None
    models = {**world.models, CANDIDATE: replace(held, answer=answer)}
    return Planted(world=replace(world, models=models), subject=subject, changed=changed)
