"""IMP103: what does each group of features do for the loss on rows that the model has not seen?

How it is measured
------------------
The values of a group of features that stand in for each other (as in IMP101) are shuffled together between test rows, several times,
the same way for candidate and prior. `loss_when_shuffled` is how much the mean loss rises, relative to the model's own mean loss:
log-loss, or the squared error. `loss_reliance_change` is the candidate's figure minus the prior's. Intervals by the delete-a-group
jackknife over rows, for all groups of features together; the shuffles are averaged and their own noise is not in the interval.

Why it matters
--------------
Attributions say what moves the score; this says what the score is right by. A feature with a large share of the attributions and no
effect on the loss is weight without use; one on which the loss hangs must not fail in production.

What to do
----------
Compare with the shares of IMP101. A large share without loss hints at an overfitted feature; ask whether the model needs it. A
negative figure means that the model does better without what the feature says.

Sources
-------
Breiman (2001), Random forests, Machine Learning 45, 5-32; Fisher, Rudin & Dominici (2019), JMLR 20(177); Hooker, Mentch & Zhou (2021),
Statistics and Computing 31, 82, for shuffling correlated features together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role, with_columns
from ..core.models import Model
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.interval import simultaneous_level
from ..summaries.cells import Floats, divided, measured
from ..summaries.quantities import QUANTITIES, per_row
from ..summaries.row_sample import RowSampleKind
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()
LOSS = QUANTITIES.index("loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` by key hash, fewer (200 at least) where a model would be asked for more than `max_asked` scores; `repeats` of the
    shuffle; `confidence` of the intervals of all groups together.
    """

    max_rows: int = 1000
    max_asked: int = 150_000
    repeats: int = 5
    confidence: float = 0.95


def shuffled_groups(given: Given) -> Iterator[Measurement]:
    """Rise of the loss when a group is shuffled, candidate and prior."""
    sample = given.summary(Role.TEST, SAMPLE)
    models = [m for m in (CANDIDATE, PRIOR) if m in given.models and m in sample.rows.scores]
    rows = scored_rows(sample, given.grid, tuple(models))
    affordable = given.options.max_asked // (given.options.repeats * max(len(given.grid.features), 1))
    rows = rows.only(np.arange(rows.n) < max(min(given.options.max_rows, affordable), 200))
    if rows.n < 2:
        note = "fewer than two rows have an outcome and a score"
        yield Measurement(metric="loss_when_shuffled", subject=subjects.MODEL, value=None, n=rows.n, note=note)
        return
    X = sample.rows.X.iloc[rows.where].reset_index(drop=True)
    names = [str(c) for c in X]
    groups = given.attributions.groups if given.attributions is not None else tuple((f,) for f in names)
    level = simultaneous_level(given.options.confidence, len(groups))
    taken = f"on {rows.n:,} of {rows.total:,} rows" if rows.n < rows.total else ""
    for members in groups:
        orders = [given.rng.permutation(rows.n) for _ in range(given.options.repeats)]
        found = {m: _rise(given.models[m], m, X, members, orders, rows, given) for m in models}
        subject = subjects.features(members)
        for model, values in found.items():
            at = subject if model == CANDIDATE else subjects.join(subject, subjects.rows(PRIOR))
            yield _one("loss_when_shuffled", at, values, rows, level, taken)
        if len(found) == 2:
            candidate, prior = found[CANDIDATE], found[PRIOR]
            change = None if candidate is None or prior is None else candidate - prior
            yield _one("loss_reliance_change", subject, change, rows, level, taken)


def _one(metric: str, subject: str, values: Floats | None, rows: ScoredRows, level: float, taken: str) -> Measurement:
    if values is None:
        note = "a score is missing or out of range when the group is shuffled"
        return Measurement(metric=metric, subject=subject, value=None, n=rows.n, note=note)
    return measured(metric, subject, values, rows, level=level, note=taken, undefined="the model makes no error at all")


def _rise(
    model: Model,
    name: str,
    X: pd.DataFrame,
    members: Sequence[str],
    orders: Sequence[np.ndarray[tuple[int], np.dtype[np.int64]]],
    rows: ScoredRows,
    given: Given,
) -> Floats | None:
    """(1 + groups,) rise of the mean loss over the mean loss; None where a shuffled row has no usable score."""
    mixed = pd.concat([with_columns(X, {f: X[f].array.take(o) for f in members}) for o in orders], ignore_index=True)
    scores = np.asarray(model.predict(mixed), np.float64).reshape(len(mixed), -1)
    table = per_row(np.tile(rows.y, len(orders)), scores, given.grid)
    if not table.usable.all():
        return None
    more = (table.values[:, LOSS].reshape(len(orders), rows.n) - rows.loss[name]).mean(axis=0)
    over, own = rows.sums(more, rows.loss[name]).T
    return divided(over, own)


CHECK = Check(
    code="IMP103",
    family=Family.IMPORTANCE,
    title="Loss when a group is shuffled",
    metrics=("loss_when_shuffled", "loss_reliance_change"),
    needs=Needs(
        roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True, outcomes=True, importance=True
    ),
    measure=shuffled_groups,
    doc=__doc__,
    options=Options(),
    slow=True,
)
