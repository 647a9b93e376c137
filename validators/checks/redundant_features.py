"""QUA105: which features say the same?

How it is measured
------------------
For every numeric feature of the training sample (else test) the largest absolute rank correlation (Spearman) with another numeric
feature, pairwise over rows where both are known; the note names the other. Nothing here is judged: redundancy is no fault of a
boosted model, but it decides how importances, reason codes and linear coefficients may be read.

Why it matters
--------------
Twins share importance by chance: a refit moves it from one to the other. A feed that fails takes both. Each one is a cost to keep.

What to do
----------
Read the importance of twins as one (IMP101 groups them). Drop one of an exact pair, unless it stands in for the other's gaps.

Sources
-------
Spearman (1904), American Journal of Psychology 15, 72-101.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import NumericBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs
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
        return
    related = X[names].astype(np.float64).corr(method="spearman", min_periods=MIN_ROWS).abs().to_numpy().copy()
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


CHECK = Check(
    code="QUA105",
    family=Family.QUALITY,
    title="Features that say the same",
    metrics=("nearest_relative",),
    needs=Needs(roles=(), one_of=(Role.TRAIN, Role.TEST), summaries=(SAMPLE,)),
    measure=redundant_features,
    doc=__doc__,
)
