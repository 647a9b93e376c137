"""Fine bins of a grid gathered into few equal ones for a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class EqualBins:
    """Edges of equal bins, and per fine bin the (bin, part) pairs that its rows go to: evenly over its width."""

    edges: list[float]
    parts: list[list[tuple[int, float]]]

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Both ends of every bin."""
        return list(pairwise(self.edges))

    def shares(self, fine: Sequence[float]) -> list[float]:
        """Share of the rows in every bin, of fine counts; counts after the last fine bin (missing, out of range) are left out."""
        out = [0.0] * (len(self.edges) - 1)
        for parts, amount in zip(self.parts, fine, strict=False):
            for k, part in parts:
                out[k] += amount * part
        total = sum(out)
        return [v / total for v in out] if total > 0 else out


def equal_bins(cuts: Sequence[float], n: int = 40, *, whole: tuple[float, float] | None = None) -> EqualBins:
    """Equal bins over the range of ascending cuts, or over `whole`; the open outer fine bins fall into the outer ones."""
    low, high = whole or ((cuts[0], cuts[-1]) if cuts else (0.0, 1.0))
    if high <= low:
        high = low + 1.0
    n = max(1, min(n, len(cuts) + 1))
    edges = [low + (high - low) * i / n for i in range(n)] + [high]
    if any(b <= a for a, b in pairwise(edges)):
        edges = [low, high]
    inside = [min(max(c, low), high) for c in cuts]
    ends = [low, *inside, high]
    return EqualBins(edges, [_parts(a, b, edges) for a, b in pairwise(ends)])


def _parts(a: float, b: float, edges: Sequence[float]) -> list[tuple[int, float]]:
    """Bins that [a, b) reaches into, and which part of it each holds; an empty one falls where it starts."""
    n, width = len(edges) - 1, edges[1] - edges[0]
    first = min(max(int((a - edges[0]) / width), 0), n - 1)
    if b <= a:
        return [(first, 1.0)]
    last = min(max(int((b - edges[0]) / width), 0), n - 1)
    held = [(k, (min(b, edges[k + 1]) - max(a, edges[k])) / (b - a)) for k in range(first, last + 1)]
    # where [a, b) is narrower than a rounding error the parts do not add up to one by themselves
    total = sum(part for _, part in held if part > 0)
    return [(k, part / total) for k, part in held if part > 0] if total > 0 else [(first, 1.0)]


def bulk(cuts: Sequence[float], counts: Sequence[Sequence[float]], share: float = 0.003) -> tuple[float, float] | None:
    """The range of cuts outside which no side has more than a small share of its rows; None without two cuts.

    Parameters
    ----------
    counts
        Per side, rows of every fine bin; the first and the last bin are open.
    """
    if len(cuts) < 2:
        return None
    first, last = len(cuts) - 1, 0
    for side in counts:
        total, running = sum(side), 0.0
        if total <= 0:
            continue
        for k, amount in enumerate(side):
            if running <= share * total < running + amount:
                first = min(first, max(k - 1, 0))
            if running < (1 - share) * total <= running + amount:
                last = max(last, min(k, len(cuts) - 1))
            running += amount
    return (cuts[first], cuts[last]) if first < last else (cuts[0], cuts[-1])
