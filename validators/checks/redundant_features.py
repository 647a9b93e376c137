"""QUA105: which features say the same?

How it is measured
------------------
For every numeric feature of the training sample (else test) the largest absolute rank correlation (Spearman) with another
numeric feature, pairwise over rows where both are known; the note names the other. `variance_inflation`, 1 / (1 - R2) of its
ranks on those of all others, also sees what only several others give together: above 10, nine tenths of it. Nothing here is
judged: redundancy is no fault of a boosted model, but it decides how importances, reason codes and linear coefficients may be
read.

Why it matters
--------------
Twins share importance by chance: a refit moves it from one to the other. A feed that fails takes both. Each one is a cost to keep.

What to do
----------
Read the importance of twins as one (IMP101 groups them). Drop one of an exact pair, unless it stands in for the other's gaps.

Sources
-------
Spearman (1904), American Journal of Psychology 15, 72-101; Belsley, Kuh & Welsch (1980), Regression diagnostics, 3.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import NumericBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.collinearity import variance_inflation
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
MIN_ROWS = 100


def redundant_features(given: Given) -> Iterator[Measurement]:
    """The nearest relative of every numeric feature."""
    role = Role.TRAIN if given.has(Role.TRAIN, SAMPLE) else Role.TEST
    sample: RowSample = given.summary(role, SAMPLE)
    X = sample.rows.X
    names = [
        f
        for f, bins in given.grid.features.items()
        if isinstance(bins, NumericBins) and pd.api.types.is_numeric_dtype(X[f].dtype)
    ]
    if len(names) < 2:
        note = "fewer than two features of numbers"
        yield Measurement(metric="nearest_relative", subject=subjects.MODEL, value=None, n=len(X), note=note)
        return
    table = X[names].astype(np.float64).corr(method="spearman", min_periods=MIN_ROWS).to_numpy()
    related = np.abs(table)
    np.fill_diagonal(related, np.nan)
    for j, name in enumerate(names):
        if np.isnan(related[j]).all():
            why = "constant, or fewer than 100 rows with both values"
            yield Measurement(metric="nearest_relative", subject=subjects.feature(name), value=None, n=len(X), note=why)
            continue
        k = int(np.nanargmax(related[j]))
        yield Measurement(
            metric="nearest_relative", subject=subjects.feature(name), value=float(related[j, k]), n=len(X),
            method="Spearman", note=f"with {names[k]}",
        )  # fmt: skip
    yield from _inflation(table, names, len(X))


def _inflation(table: NDArray[np.float64], names: list[str], n: int) -> Iterator[Measurement]:
    """How much of every feature all the others tell together."""
    known = [j for j in range(len(names)) if np.isfinite(table[j]).sum() > 1]
    inflated = variance_inflation(table[np.ix_(known, known)]) if len(known) > 1 else None
    for k, j in enumerate(known):
        value = None if inflated is None or not np.isfinite(inflated[k]) else float(inflated[k])
        note = "a sum of the others gives it exactly" if value is None else f"the others tell {1 - 1 / value:.0%} of it"
        yield Measurement(
            metric="variance_inflation",
            subject=subjects.feature(names[j]),
            value=value,
            n=n,
            method="of the ranks",
            note=note,
        )


CHECK = Check(
    code="QUA105",
    family=Family.QUALITY,
    title="Features that say the same",
    metrics=("nearest_relative", "variance_inflation"),
    needs=Needs(roles=(), one_of=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,)),
    measure=redundant_features,
    doc=__doc__,
)
