"""STR103: does the score keep to what is known about it?

How it is measured
------------------
For every numeric feature that the project declares monotone, test rows (by key hash) get other values of that feature, one at a time
and as they occur: 20 per row, spread over its quantiles and shifted from row to row, so that a bump between two common grid points is
hit as well. `monotone_violations` is the share of rows whose score anywhere steps the wrong way by more than a millionth (of a
probability; of the standard deviation of the scores in regression); `largest_violation` is how far it falls back in all on one
row, and where; `ice_violations` says in which tenth of the feature's distribution. Facts about these rows need no interval; where no
row breaks the rule, the bound of an unseen event is given. Of several classes the favourable one is meant. Rows that get no finite
score at one of the values are left out; where they are more than 1 % of all, nothing is told. For information: the share of test
scores outside what is possible (probabilities from 0 to 1; in regression the range of the outcomes of train, or of test where there is
no train, widened by a tenth), of those that are there.

Why it matters
--------------
A direction is declared because somebody has to explain it: more income must not raise the risk. An average direction can be right
while one row in ten is treated the other way round, which is what the refused applicant finds out.

What to do
----------
Constrain the model in this feature (monotonic_cst, monotone_constraints) and fit again, or take the declaration back with a reason.

Sources
-------
Goldstein, Kapelner, Bleich & Pitkin (2015), Journal of Computational and Graphical Statistics 24, 44-65, individual conditional
expectation; Ribeiro, Wu, Guestrin & Singh (2020), ACL, 4902-4912, behavioural tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.decisions import WHICH_CLASS, favourable_class
from ..summaries.response import Curves, Floats, close_enough, response_curves
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
TENTHS, MARGIN = 10, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`points` of the feature per row; `max_rows` of test, fewer where more than `max_asked` scores would be asked for; `most_unscored`,
    the share of the rows that may be left out for want of a finite score.
    """

    points: int = 20
    max_rows: int = 1000
    max_asked: int = 60_000
    most_unscored: float = 0.01


def constraints(given: Given) -> Iterator[Measurement]:
    """Violations of declared directions, and scores out of range."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    declared = {f: str(c["monotone"]) for f, c in given.constraints.items() if "monotone" in c and f in sample.rows.X}
    affordable = given.options.max_asked // (given.options.points * max(len(declared), 1))
    X = sample.thin(max(min(given.options.max_rows, affordable), 100)).X
    for name, way in declared.items():
        yield from _direction(given, X, name, way, sample)
    yield _range(given, sample)


def _direction(given: Given, X: pd.DataFrame, name: str, way: str, sample: RowSample) -> Iterator[Measurement]:
    subject, n = subjects.feature(name), len(X)
    wanted = favourable_class(given.task) if given.task.type == "multiclass" else 0
    why = (
        WHICH_CLASS
        if wanted is None
        else "a direction takes numbers"
        if not pd.api.types.is_numeric_dtype(X[name]) or pd.api.types.is_bool_dtype(X[name])
        else ""
    )
    curves = (
        None
        if why or wanted is None
        else response_curves(given.models[CANDIDATE], X, name, points=given.options.points, column=wanted)
    )
    if curves is None:
        note = why or "one value only in these rows"
        yield Measurement(metric="monotone_violations", subject=subject, value=None, n=n, note=note)
        return
    sign = 1.0 if way == "increasing" else -1.0
    kept = np.isfinite(curves.scores).all(axis=1)
    left_out = f"{int((~kept).sum())} of {n} rows have no finite score at some of the values" if not kept.all() else ""
    if (~kept).mean() > given.options.most_unscored:
        yield Measurement(metric="monotone_violations", subject=subject, value=None, n=n, note=left_out)
        return
    curves = Curves(values=curves.values[kept], level=curves.level[kept], scores=sign * curves.scores[kept])
    tolerance = close_enough(sample.rows.scores[CANDIDATE], given.task)
    back = np.maximum(curves.scores[:, :-1] - curves.scores[:, 1:], 0.0)
    back[curves.values[:, :-1] == curves.values[:, 1:]] = 0.0
    wrong = back > tolerance
    broken, n = wrong.any(axis=1), len(wrong)
    share, flat = float(broken.mean()), float(np.ptp(curves.scores, axis=1).max()) <= tolerance
    words = (f"declared {way}; {int(broken.sum())} of {n} rows step the wrong way", left_out)
    note = "; ".join(filter(None, words))
    yield Measurement(
        metric="monotone_violations", subject=subject, value=share, high=None if share else zero_event_upper_bound(n),
        level=None if share else 0.95, method="count", n=n, n_eff=float(n),
        note=note + ("; the score does not react to the feature" if flat else ""),
    )  # fmt: skip
    if share:
        yield from _where(curves, wrong, name, way)


def _where(curves: Curves, wrong: np.ndarray, name: str, way: str) -> Iterator[Measurement]:
    """The largest fall back, and the share of rows that step the wrong way by tenth of the feature."""
    subject, n = subjects.feature(name), len(wrong)
    fall = np.maximum.accumulate(curves.scores, axis=1) - curves.scores
    row, end = np.unravel_index(int(fall.argmax()), fall.shape)
    start = int(curves.scores[row, : end + 1].argmax())
    ends = f"{_plain(curves.values[row, start])} and {_plain(curves.values[row, end])}"
    yield Measurement(
        metric="largest_violation", subject=subject, value=float(fall[row, end]), n=n, method="largest of all rows", n_eff=float(n),
        note=f"{'falls' if way == 'increasing' else 'rises'} between {name} = {ends}",
    )  # fmt: skip
    middle = (curves.level[:, :-1] + curves.level[:, 1:]) / 2
    tenth = np.minimum((middle * TENTHS).astype(np.int64), TENTHS - 1)
    for k in range(TENTHS):
        here = tenth == k
        values = curves.values[:, :-1][here]
        if not len(values):
            continue
        rows = here.any(axis=1)
        yield Measurement(
            metric="ice_violations", subject=subjects.join(subject, subjects.rows(f"bin_{k + 1:02d}")), method="count",
            value=float((wrong & here).any(axis=1)[rows].mean()), n=int(rows.sum()), n_eff=float(rows.sum()),
            note=f"{_plain(values.min())} to {_plain(values.max())}",
        )  # fmt: skip


def _plain(value: float) -> str:
    return f"{value:,.6g}"


def _range(given: Given, sample: RowSample) -> Measurement:
    scores = sample.rows.scores[CANDIDATE]
    low, high, words = 0.0, 1.0, "from 0 to 1"
    if given.task.type == "regression":
        role = Role.TRAIN if given.has(Role.TRAIN, SAMPLE) else Role.TEST
        seen: Floats = given.summary(role, SAMPLE).rows.y
        seen = seen[np.isfinite(seen)]
        if not len(seen):
            return Measurement(
                metric="beyond_output_range", subject=subjects.MODEL, value=None, n=len(scores), note="no outcomes"
            )
        width = MARGIN * float(np.ptp(seen))
        low, high = float(seen.min()) - width, float(seen.max()) + width
        words = f"from {_plain(low)} to {_plain(high)}, the outcomes of {role.value} and a tenth more"
    held = scores[~np.isnan(scores).any(axis=1)]
    n, missing = len(held), len(scores) - len(held)
    if not n:
        why = f"none of {missing} rows has a score" if missing else "no rows"
        return Measurement(metric="beyond_output_range", subject=subjects.MODEL, value=None, n=missing, note=why)
    words += f"; {missing} rows without a score are left out" if missing else ""
    share = float(((held < low) | (held > high)).any(axis=1).mean())
    return Measurement(
        metric="beyond_output_range", subject=subjects.MODEL, value=share, high=None if share else zero_event_upper_bound(n),
        level=None if share else 0.95, method="count", n=n, n_eff=float(n), note=words,
    )  # fmt: skip


CHECK = Check(
    code="STR103",
    family=Family.STRESS,
    title="Declared constraints",
    metrics=("monotone_violations", "largest_violation", "ice_violations", "beyond_output_range"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=constraints,
    doc=__doc__,
    plants=(
        Plant(metric="monotone_violations", fault="against_constraint", null="as_constrained", replicates=5, rows=100),
    ),
    options=Options(),
)
