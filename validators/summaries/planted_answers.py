"""Models that answer from what is stored, and faults of how they answer: when, in what company, which way, from what they keep.

Each stands in for the candidate in a check that asks it for rows. What a check should see lies in the answers alone, so these are
made of stored scores, of the golden rows and of the training rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Batch, Role, Task
from .identities import content_hash
from .moments import MomentsKind
from .worlds import Floats, Planted, World, some

MOMENTS = MomentsKind()
KEPT: Mapping[str, str] = {"mean_": "mean", "var_": "variance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A model that replies what a function makes of the rows; `kept` is what its parts keep of the rows they were fitted on."""

    reply: Callable[[pd.DataFrame], Floats]
    kept: tuple[Mapping[str, Any], ...] = ()

    def predict(self, X: pd.DataFrame, /) -> Floats:
        """What the function makes of the rows."""
        return self.reply(X)

    def fitted_statistics(self) -> list[dict[str, Any]]:
        """What it was given to keep."""
        return [dict(part) for part in self.kept]


def recalled(world: World, rng: np.random.Generator) -> World | None:  # noqa: ARG001 - every null has one signature
    """The candidate gives every row its stored score, whenever and beside whichever others it is asked."""
    batch = world.batch
    if CANDIDATE not in batch.scores:
        return None
    place, scores = _known(batch), _stored(batch)
    return _standing(world, Stand(reply=lambda X: scores[place(X)]))


def other_when_asked_again(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows gets another score from the second call on."""
    batch, calls = world.batch, count()
    place, hit = _known(batch), some(len(batch), size, rng)
    before, after = _stored(batch), _otherwise(_stored(batch), world.task)

    def reply(X: pd.DataFrame) -> Floats:
        who, again = place(X), next(calls) > 0
        return np.where((hit[who] & again)[:, None], after[who], before[who])

    return _planted(world, Stand(reply=reply), float(hit.mean()))


def other_in_company(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """That share of the rows gets another score where it stands at another place among the rows that are asked for."""
    batch = world.batch
    place, hit = _known(batch), some(len(batch), size, rng)
    before, after = _stored(batch), _otherwise(_stored(batch), world.task)

    def reply(X: pd.DataFrame) -> Floats:
        who = place(X)
        return np.where((hit[who] & (who != np.arange(len(who))))[:, None], after[who], before[who])

    return _planted(world, Stand(reply=reply), float(hit.mean()))


def as_constrained(world: World, rng: np.random.Generator) -> World | None:  # noqa: ARG001 - every null has one signature
    """Every feature with a declared direction moves the candidate's score in it."""
    names = constrained(world)
    return _standing(world, Stand(reply=_following(world, names))) if names else None


def against_constraint(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:
    """In that share of the rows the score turns round in the lower half of one feature with a declared direction."""
    names = constrained(world)
    if not names:
        return None
    name, hit = names[turn % len(names)], some(len(world.batch), size, rng)
    stand = Stand(reply=_following(world, names, turned=name, rows=hit))
    return replace(_planted(world, stand, float(hit.mean())), subject=subjects.feature(name))


def constrained(world: World) -> list[str]:
    """Features of numbers with a declared direction."""
    X = world.batch.X
    able = [f for f, c in world.constraints.items() if "monotone" in c and f in X]
    numeric = [f for f in able if pd.api.types.is_numeric_dtype(X[f]) and not pd.api.types.is_bool_dtype(X[f])]
    return [f for f in numeric if X[f].min() < X[f].max()]


def _following(
    world: World, names: list[str], *, turned: str = "", rows: NDArray[np.bool_] | None = None
) -> Callable[[pd.DataFrame], Floats]:
    """Answers to rows that come several times one after the other: half the stored score, half the mean rank of the features."""
    stored, n = _stored(world.batch), len(world.batch)
    span = float(np.ptp(stored[np.isfinite(stored)])) if world.task.type == "regression" else 1.0
    pools = {f: np.sort(world.batch.X[f].dropna().to_numpy(np.float64)) for f in names}

    def reply(X: pd.DataFrame) -> Floats:
        if not n or len(X) % n:
            raise ValueError(f"{n} rows are known, {len(X)} were asked for")
        who = np.arange(len(X)) // (len(X) // n)
        lift = np.zeros(len(X))
        for name, pool in pools.items():
            rank = np.searchsorted(pool, X[name].to_numpy(np.float64, na_value=np.nan), side="right") / len(pool)
            if name == turned and rows is not None:
                rank = np.where(rows[who], np.abs(rank - 0.5), rank)
            lift += rank if world.constraints[name]["monotone"] == "increasing" else 1 - rank
        return (stored[who] + span * lift[:, None] / len(pools)) / 2

    return reply


def as_written(world: World, rng: np.random.Generator) -> World | None:  # noqa: ARG001 - every null has one signature
    """The candidate gives the golden rows the scores that are written down."""
    expected = _golden(world)
    return None if expected is None else _standing(world, Stand(reply=lambda _: expected))


def golden_otherwise(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One golden row gets another score."""
    expected = _golden(world)
    if expected is None:
        return None
    hit = some(len(expected), size, rng)
    scores = np.where(hit[:, None], _otherwise(expected, world.task), expected)
    return _planted(world, Stand(reply=lambda _: scores), float(hit.mean()))


def _golden(world: World) -> Floats | None:
    held = world.golden
    return None if held is None or not len(held) else held.iloc[:, -world.task.n_scores :].to_numpy(np.float64)


def kept_of_train(world: World, rng: np.random.Generator) -> World | None:  # noqa: ARG001 - every null has one signature
    """The candidate keeps means and variances of its training rows."""
    facts = _facts(world)
    return _standing(world, Stand(reply=_mute, kept=(_part(facts, ""),))) if facts else None


def kept_of_all(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """Of one feature the candidate keeps mean and variance of training and test rows together."""
    facts = _facts(world)
    able = [name for name, (train, both) in facts.items() if all(train[k] != both[k] for k in KEPT.values())]
    if not able:
        return None
    name = able[turn % len(able)]
    stand = Stand(reply=_mute, kept=(_part(facts, name),))
    return replace(_planted(world, stand, 1.0), subject=subjects.feature(name))


def _facts(world: World) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Statistics of every feature of numbers on train, and on train and test together."""
    train, test = (MOMENTS.of(world.rows[role], world.grid).features for role in (Role.TRAIN, Role.TEST))
    return {f: (m.statistics(), (m + test[f]).statistics()) for f, m in train.items() if m.known and test[f].known}


def _part(facts: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]], leaked: str) -> dict[str, Any]:
    numbers = {a: [both[k] if f == leaked else train[k] for f, (train, both) in facts.items()] for a, k in KEPT.items()}
    return {"class": "StandardScaler", "place": "planted", "columns": list(facts), "numbers": numbers}


def _mute(X: pd.DataFrame) -> Floats:
    raise ValueError(f"it keeps statistics and scores no rows; {len(X)} were asked for")


def _known(batch: Batch) -> Callable[[pd.DataFrame], NDArray[np.int64]]:
    """Where among the rows of a batch each row of a frame stands, by what is in it; of equal rows the first."""
    if not len(batch):
        return lambda X: np.zeros(len(X), np.int64)
    words = content_hash(batch.X)[:, 0]
    order = np.argsort(words, kind="stable")

    def place(X: pd.DataFrame) -> NDArray[np.int64]:
        asked = content_hash(X)[:, 0]
        at = np.minimum(np.searchsorted(words[order], asked), len(words) - 1)
        if (words[order[at]] != asked).any():
            raise ValueError(f"rows other than the {len(words)} known ones were asked for")
        return order[at]

    return place


def _stored(batch: Batch) -> Floats:
    return batch.scores[CANDIDATE].reshape(len(batch), -1)


def _otherwise(scores: Floats, task: Task) -> Floats:
    """Scores that differ: a tenth towards the middle, or a standard deviation off."""
    return scores + (float(np.nanstd(scores)) or 1.0) if task.type == "regression" else scores * 0.9 + 0.05 + 1e-3


def _standing(world: World, stand: Stand) -> World:
    return replace(world, models={**world.models, CANDIDATE: stand})


def _planted(world: World, stand: Stand, changed: float) -> Planted:
    return Planted(world=_standing(world, stand), subject="", changed=changed)
