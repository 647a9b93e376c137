"""What a measurement could have seen at its number of rows, and what would settle one that is inconclusive."""

import re

from scipy.special import ndtri

from .records import Measurement

_ADDED = re.compile(
    r"cannot tell|cannot exclude a value (above|below) \S+|about [\d,]+ rows would settle it|no practical n settles it"
    r"|the estimate lies on the limit, no n settles it|too few to pass on: .*"
)


def detectable(m: Measurement, *, power: float = 0.8) -> float | None:
    """Minimum detectable effect, from the interval that the measurement carries: (z of its level + z of the power) * SE."""
    if m.low is None or m.high is None or m.level is None or not 0 < m.level < 1:
        return None
    z = float(ndtri((1 + m.level) / 2))
    return (z + float(ndtri(power))) * (m.high - m.low) / 2 / z


def way_out(m: Measurement, limit: float, worse: str, *, small: bool) -> str:
    """What would settle an inconclusive measurement: rows that bring the end beyond the limit back to it, by 1 / sqrt(n).

    That end, not half the width: an interval that is folded or bounded at 0 is longer on one side.
    """
    if m.value is None or m.low is None or m.high is None:
        return "cannot tell"
    distance = abs(limit - m.value)
    word = "cannot tell" if small else f"cannot exclude a value {worse} {limit:g}"
    if distance == 0:
        return f"{word}; the estimate lies on the limit, no n settles it"
    end = m.high if m.value < limit else m.low
    factor = ((end - m.value) / distance) ** 2
    rows = m.n * max(factor, 1.0)
    return f"{word}; about {rows:,.0f} rows would settle it" if rows < 1e9 else f"{word}; no practical n settles it"


def without_way_out(note: str) -> str:
    """A note without what a policy added to it, so that another policy can say its own."""
    return "; ".join(part for part in note.split("; ") if not _ADDED.fullmatch(part))
