"""FIT105: would more rows help?

How it is measured
------------------
A boosted learner of our own is fitted on eight sizes of the training sample, a few random parts of each, and scored on the same test
rows: `curve_score` (area under the ROC curve, its mean over the classes, or R2 / 2; mean over the parts). The curve a - b / n**c is
fitted to the sizes, large ones counting most, and `gain_at_twice` is what it expects of twice the rows. Intervals are by the
delete-a-group jackknife over test rows; what the choice of the training rows adds is not in them. Nothing is judged.

Why it matters
--------------
A curve that still climbs says that the next improvement is data. A flat one says that it is features or labels, and that the model at
hand is as good as rows of this kind allow.

What to do
----------
If the gain is worth its price, collect. If the candidate lies far below the end of the curve, see FIT102 first.

Sources
-------
Viering & Loog (2022), IEEE Transactions on Pattern Analysis and Machine Intelligence 45, 7799-7819, on the shape of learning curves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.learning import power_law_gain
from ..summaries.cells import measured
from ..summaries.goodness import goodness
from ..summaries.refits import fit_restrained
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, scored_rows

SAMPLE = RowSampleKind()
MIN_ROWS, ROUNDS = 800, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`sizes` from a sixteenth of the rows to all of them; `parts` of each; at most `rows`; `confidence` of the intervals."""

    sizes: int = 8
    parts: int = 2
    rows: int = 5000
    confidence: float = 0.95


def learning_curve(given: Given) -> Iterator[Measurement]:
    """Score of our learner by rows, and what twice the rows would give."""
    options, sample = given.options, given.summary(Role.TRAIN, SAMPLE)
    train = take(sample.rows, np.flatnonzero(~np.isnan(sample.rows.y) & (sample.rows.weight > 0))[: options.rows])
    test: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(test, given.grid, (CANDIDATE,))
    n = len(train)
    if n < MIN_ROWS or rows.n == 0:
        why = f"{n} labelled training rows; it takes {MIN_ROWS}" if rows.n else "no test row has an outcome and a score"
        yield Measurement(metric="gain_at_twice", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    there = take(test.rows, rows.where)
    sizes = np.unique(np.geomspace(n / 16, n, options.sizes).astype(int))
    curve: list[Floats] = []
    for size in sizes.tolist():
        parts = [np.sort(given.rng.permutation(n)[:size]) for _ in range(options.parts if size < n else 1)]
        found = [fit_restrained(take(train, p), there, given.task, given.grid, rounds=ROUNDS, rate=0.1) for p in parts]
        scored = [goodness(rows, s, given.task) for s in found if s is not None]
        curve.append(np.mean(scored, axis=0) if scored else np.full(1 + rows.groups, np.nan))
        yield measured(
            "curve_score", subjects.rows(f"train_{size}"), curve[-1], rows, level=options.confidence,
            undefined="one class only", note=f"mean of {len(scored)} parts of {size:,} rows",
        )  # fmt: skip
    taken = f"up to {n:,} of {sample.total:,} training rows"
    gain, power = power_law_gain(sizes.astype(np.float64), np.array(curve), 2.0 * n)
    yield measured(
        "gain_at_twice", subjects.MODEL, gain, rows, level=options.confidence, undefined="no curve could be fitted",
        note=f"from {n:,} to {2 * n:,} rows, a - b / n**{power:.1f}; {taken}",
    )  # fmt: skip


CHECK = Check(
    code="FIT105",
    family=Family.FIT,
    title="Learning curve",
    metrics=("curve_score", "gain_at_twice"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=learning_curve,
    doc=__doc__,
    options=Options(),
    slow=True,
)
