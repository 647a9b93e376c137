"""Shares of rows that were counted, not estimated: the value is a fact, and its upper end bounds what these rows do not show."""

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.records import Measurement
from ..stats.proportions import clopper_pearson_interval, zero_event_upper_bound


def counted_share(
    metric: str, wrong: NDArray[np.bool_], *, level: float, words: str, minor: bool = False
) -> Measurement:
    """Share of the rows of a model that are wrong; `words` say what is wrong with them. At least one row.

    Where it is `minor` it brings about an Attention at most. The upper end is Clopper & Pearson's, or the bound of an event that
    was never seen.
    """
    k, n = int(wrong.sum()), len(wrong)
    high = clopper_pearson_interval(k, n, confidence=level).high if k else zero_event_upper_bound(n, confidence=level)
    note = f"{k:,} of {n:,} {words}" if k else f"none of {n:,} {words}"
    return Measurement(
        metric=metric, subject=subjects.MODEL, value=k / n, high=high, level=level, method="count", n=n, note=note,
        minor=minor,
    )  # fmt: skip
