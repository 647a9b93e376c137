"""Intervals: the record, simultaneous levels, and normal or Student intervals on a scale."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit, ndtri, stdtrit

Scale = Literal["identity", "logit", "log"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Confidence limits, low <= high."""

    low: float
    high: float


def simultaneous_level(confidence: float, m: int) -> float:
    """Level of each of m intervals so that all hold together with the given confidence: 1 - (1 - confidence) / m (Bonferroni).

    Valid under any dependence. m below 2 changes nothing.
    """
    return 1 - (1 - confidence) / max(m, 1)


def quantile(confidence: float, df: float | None = None) -> float:
    """Two-sided critical value: normal, or Student's t with `df` degrees of freedom."""
    p = (1 + confidence) / 2
    return float(ndtri(p)) if df is None else float(stdtrit(df, p))


def normal_interval(
    value: float, se: float, *, confidence: float, df: float | None = None, scale: Scale = "identity"
) -> Interval:
    """Value -/+ quantile x se, on a scale by the delta method.

    Parameters
    ----------
    value, se : float
        Estimate and its standard error, on the identity scale.
    df : float, optional
        Degrees of freedom of a Student interval; a normal one without.
    scale : {"identity", "logit", "log"}
        "logit" keeps limits within (0, 1), "log" above 0. At the boundary (value 0 or 1, or 0) the delta method is undefined
        and the identity scale is used, cut at the boundary.
    """
    q = quantile(confidence, df)
    if scale == "logit" and 0 < value < 1:
        half = q * se / (value * (1 - value))
        return Interval(float(expit(logit(value) - half)), float(expit(logit(value) + half)))
    if scale == "log" and value > 0:
        half = q * se / value
        return Interval(float(value * np.exp(-half)), float(value * np.exp(min(half, 700.0))))
    low, high = value - q * se, value + q * se
    if scale == "identity":
        return Interval(low, high)
    return Interval(max(low, 0.0), min(high, 1.0) if scale == "logit" else high)


def folded(interval: Interval) -> Interval:
    """Interval of the absolute value: the low end is 0 when the interval holds 0."""
    ends = sorted((abs(interval.low), abs(interval.high)))
    return Interval(0.0 if interval.low <= 0 <= interval.high else ends[0], ends[1])
