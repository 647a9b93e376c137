"""The features of this test against those of earlier tests of the project, as far as both were counted in the same bins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.data import Bins, Grid, NumericBins
from ..stats.interval import simultaneous_level
from ..stats.sigma import ShiftEstimate, binned_shift
from ..summaries.feature_counts import FeatureCounts, coarse_counts, rare_together
from . import fmt
from .chart import Chart, Palette, Table
from .marks import heat

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """Test rows of one trial, counted: when it ran, what it is called, and the bins that it counted in."""

    started: str
    name: str
    counts: FeatureCounts
    grid: Grid


def same_bins(a: Bins | None, b: Bins | None) -> bool:
    """Whether counts in two grids' bins of a feature can be compared bin by bin."""
    if isinstance(a, NumericBins) and isinstance(b, NumericBins):
        return np.array_equal(a.cuts, b.cuts) and np.array_equal(a.coarse, b.coarse)
    return a is not None and a == b


def shift_since(earlier: Tested, now: Tested, feature: str, level: float) -> ShiftEstimate | None:
    """Sigma-equivalent shift from an earlier test to this one; None in other bins or with too few groups of rows."""
    bins = now.grid.features[feature]
    both = (earlier, now)
    if not same_bins(earlier.grid.features.get(feature), bins) or any(feature not in t.counts.counts for t in both):
        return None
    e, a = (coarse_counts(t.counts.weighted(feature), bins) for t in both)
    e, a = rare_together(e, a, bins)
    return binned_shift(e, a, confidence=level) if e.sum() and a.sum() else None


def trend(earlier: Sequence[Tested], now: Tested, colours: Palette) -> Chart | None:
    """Shift of every feature since each earlier test; None where nothing can be compared."""
    level = simultaneous_level(CONFIDENCE, len(now.grid.features) * len(earlier))
    found = {f: [shift_since(e, now, f, level) for e in earlier] for f in now.grid.features}
    known = {f: row for f, row in found.items() if any(row)}
    if not known:
        return None
    order = sorted(known, key=lambda f: -max(s.value for s in known[f] if s is not None))
    names = [f"{e.started[:10]} {e.name}" for e in earlier]
    values = [[None if s is None else s.value for s in known[f]] for f in order]
    hover = [[_words(f, name, s) for name, s in zip(names, known[f], strict=True)] for f in order]
    left_out = len(found) - len(known)
    return Chart(
        key="earlier",
        title="Shift since earlier tests of this project (sigma)",
        figure=heat(values, names, order, hover, colours),
        table=Table(
            rows=[{"Feature": f, **dict(zip(names, row, strict=True))} for f, row in zip(order, values, strict=True)],
            kinds=dict.fromkeys(names, "number"),
        ),
        alt=f"Shift of {len(order)} features since {len(earlier)} earlier tests; most moved: {order[0]}.",
        caption="This test against the test rows of earlier runs and of the prior's snapshot, from their summaries. Information; "
        "intervals (point at a cell) hold for all cells. Bins that differ cannot be compared"
        + (f": {left_out} features are left out." if left_out else "."),
    )


def _words(feature: str, name: str, shift: ShiftEstimate | None) -> str:
    if shift is None:
        return f"{feature}, {name}: other bins, not comparable"
    return f"{feature}, {name}: {fmt.shown(shift.value, 'number')} [{shift.low:.3f}, {shift.high:.3f}]"
