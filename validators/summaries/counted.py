"""Shares of rows that were counted, not estimated: the value is a fact, and its upper end bounds what these rows do not show."""

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.records import Measurement
from ..stats.proportions import count_upper_bound


def counted(metric: str, subject: str, k: int, n: int, *, level: float, note: str, minor: bool = False) -> Measurement:
    """K of n rows, n at least 1, with the bound of what these rows do not show; `minor`: at most an Attention."""
    return Measurement(
        metric=metric, subject=subject, value=k / n, high=count_upper_bound(k, n, confidence=level), level=level, method="count", n=n,
        note=note, minor=minor,
    )  # fmt: skip


def counted_share(
    metric: str, wrong: NDArray[np.bool_], *, level: float, words: str, minor: bool = False
) -> Measurement:
    """Share of the rows of a model that are wrong; `words` say what is wrong with them. At least one row."""
    k, n = int(wrong.sum()), len(wrong)
    note = f"{k:,} of {n:,} {words}" if k else f"none of {n:,} {words}"
    return counted(metric, subjects.MODEL, k, n, level=level, note=note, minor=minor)
