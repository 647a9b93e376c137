"""How far the rates of groups are apart: each against its others, with intervals that hold for all comparisons together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr, stdtrit

from ..core.records import Measurement
from ..stats.interval import Interval, folded
from ..stats.jackknife import MIN_GROUPS, jackknife_variance
from ..stats.multiplicity import max_t_quantile
from ..stats.proportions import newcombe_interval, ratio_score_interval
from .cells import divided
from .group_counts import Counts
from .groups import Contrast, Partition

Floats = NDArray[np.float64]
METHODS = {"ratio": "score on effective rows", "gap": "Newcombe on effective rows", "mean": "jackknife"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A group (`mine`) and those it is compared with (`theirs`); `kind` is "ratio", "gap" (of rates) or "mean" (a gap of means).

    `floor` is the least variance that a gap of means is given: few rows without an event show less than there is.
    """

    metric: str
    subject: str
    kind: str
    mine: Counts
    theirs: Counts
    against: str
    size: float
    note: str = ""
    floor: float = 0.0

    @property
    def defined(self) -> bool:
        """Whether both have rows, and a ratio something to divide by."""
        rates = self.mine.rate[0, 0], self.theirs.rate[0, 0]
        return bool(np.isfinite(rates).all() and (self.kind != "ratio" or rates[1] > 0))

    def values(self) -> Floats:
        """(1 + g,) the difference, or the logarithm of the ratio; NaN where undefined."""
        a, b = self.mine.rate[:, 0], self.theirs.rate[:, 0]
        if self.kind != "ratio":
            return np.asarray(a - b)
        ratio = divided(a, b)
        return np.asarray(np.log(ratio, out=np.full(len(ratio), np.nan), where=ratio > 0))


def pair_of(
    metric: str,
    kind: str,
    part: Partition,
    contrast: Contrast,
    counts: Counts,
    *,
    note: str = "",
    subject: str = "",
    scatter: Floats | None = None,
) -> Pair:
    """The comparison of a contrast; its size is the smaller of the two numbers of rows.

    `scatter` (k,): sums of squared weight times the variance that the model expects of each row, for the floor.
    """
    me = np.arange(len(part)) == contrast.group
    mine, theirs = counts.of(me), counts.of(contrast.others)
    size, floor = float(min(mine.n[0], theirs.n[0])), 0.0
    if scatter is not None and min(mine.rows[0, 0], theirs.rows[0, 0]) > 0:
        floor = sum(float(scatter[k].sum() / c.rows[0, 0] ** 2) for k, c in ((me, mine), (contrast.others, theirs)))
    subject = subject or part.subject(contrast.group)
    return Pair(metric, subject, kind, mine, theirs, contrast.against, size, note, floor)


def compared(
    pairs: Sequence[Pair], *, confidence: float, min_cell: int, rng: np.random.Generator, fold: bool = False
) -> Iterable[Measurement]:
    """A measurement of each comparison; the intervals hold for all of them together (max-T over the jackknife's replicates).

    Ratios have score intervals, gaps of rates Newcombe's, where rows are dependent on so few that their variance is the jackknife's;
    gaps of means the jackknife's own. `fold`: absolute gaps.
    """
    told = [p for p in pairs if p.defined and min(p.mine.n[0], p.theirs.n[0]) >= min_cell]
    if told and len(told[0].mine.events) > 2:
        replicates = np.stack([p.values()[1:] for p in told], axis=1)
        critical = max_t_quantile(replicates, confidence=confidence, rng=rng)
    else:
        critical = np.nan
    for p in pairs:
        if not p.defined or min(p.mine.n[0], p.theirs.n[0]) < min_cell:
            yield _untold(p, min_cell)
        else:
            yield _told(p, critical, len(told), fold=fold)


def _untold(p: Pair, min_cell: int) -> Measurement:
    few = min(p.mine.n[0], p.theirs.n[0])
    why = f"{few} rows, fewer than {min_cell}: not shown" if few < min_cell else f"a rate of 0 in {p.against}"
    why = f"no such row, or none in {p.against}" if few == 0 else why
    return Measurement(
        metric=p.metric, subject=p.subject, value=None, n=int(p.mine.n[0]), size=p.size, note=_joined(why, p.note)
    )


def _told(p: Pair, critical: float, m: int, *, fold: bool) -> Measurement:
    a, b = float(p.mine.rate[0, 0]), float(p.theirs.rate[0, 0])
    words = f"mean {a:+.3f} against {b:+.3f}" if p.kind == "mean" else f"{a:.1%} against {b:.1%}"
    words += f" in {p.against}"
    n = int(p.mine.n[0])
    empty = Measurement(metric=p.metric, subject=p.subject, value=None, n=n, size=p.size, note=_joined(words, p.note))
    replicates = p.values()[1:]
    if min(p.mine.units[0], p.theirs.units[0]) < MIN_GROUPS or not np.isfinite(critical):
        return replace(empty, note=_joined(f"fewer than {MIN_GROUPS} groups of dependent rows", empty.note))
    seen = float(jackknife_variance(replicates)) if np.isfinite(replicates).all() else np.nan
    ends, n_eff = _mean_ends(p, a - b, critical, seen) if p.kind == "mean" else _rate_ends(p, a, b, critical, seen)
    if ends is None or not np.isfinite(ends.high):
        return replace(empty, note=_joined("no upper bound" if ends is not None else "no interval", empty.note))
    value = a / b if p.kind == "ratio" else a - b
    if fold:
        value, ends = abs(value), folded(ends)
    many = f", for all {m} by max-T" if m > 1 else ""
    return replace(
        empty, value=value, low=min(ends.low, value), high=max(ends.high, value), n_eff=n_eff, method=METHODS[p.kind] + many,
        level=float(2 * stdtr(len(replicates) - 1, critical) - 1),
    )  # fmt: skip


def _mean_ends(p: Pair, value: float, critical: float, seen: float) -> tuple[Interval | None, float]:
    """The jackknife's interval, with the degrees of freedom of the rarer side."""
    if not np.isfinite(seen):
        return None, 0.0
    units = int(min(p.mine.units[0], p.theirs.units[0]))
    half = float(stdtrit(units - 1, stdtr(len(p.mine.events) - 2, critical))) * max(seen, p.floor) ** 0.5
    return Interval(value - half, value + half), float(p.mine.n_eff[0])


def _rate_ends(p: Pair, a: float, b: float, critical: float, seen: float) -> tuple[Interval | None, float]:
    """Interval on rows that give the jackknife's variance, where rows are dependent; and the group's effective rows."""
    n1, n2 = float(p.mine.n_eff[0]), float(p.theirs.n_eff[0])
    expected = _variance(p.kind, a, n1, b, n2)
    told = not p.mine.independent and np.isfinite(seen) and expected > 0
    deff = max(1.0, seen / expected) if told else 1.0
    return _interval(p.kind, a, n1 / deff, b, n2 / deff, critical), n1 / deff


def _variance(kind: str, a: float, n1: float, b: float, n2: float) -> float:
    """Variance for independent rows: of the difference, or of the logarithm of the ratio (0 where it has none)."""
    if kind == "gap":
        return a * (1 - a) / n1 + b * (1 - b) / n2
    return (1 - a) / (a * n1) + (1 - b) / (b * n2) if a > 0 and b > 0 else 0.0


def _interval(kind: str, a: float, n1: float, b: float, n2: float, critical: float) -> Interval:
    confidence = float(2 * ndtr(critical) - 1)
    if kind == "gap":
        return newcombe_interval(a, n1, b, n2, confidence=confidence)
    return ratio_score_interval(a * n1, n1, b * n2, n2, confidence=confidence)


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
