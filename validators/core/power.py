"""What a measurement could have seen at its number of rows, and what would settle one that is inconclusive."""

import re
from collections.abc import Sequence

from scipy.special import ndtri

from .records import Measurement

MOST_TIMES = 100.0
_ADDED = re.compile(
    r"cannot tell|cannot exclude a value (above|below) \S+( or (above|below) \S+)?|about [\d,]+ rows would settle it"
    r"|no practical n settles it|the estimate lies on the limit, no n settles it|where there is no effect no n settles it.*"
    r"|too few to pass on: .*"
)


def detectable(m: Measurement, *, power: float = 0.8) -> float | None:
    """Minimum detectable effect, from the interval that the measurement carries: (z of its level + z of the power) * SE."""
    if m.low is None or m.high is None or m.level is None or not 0 < m.level < 1:
        return None
    z = float(ndtri((1 + m.level) / 2))
    return (z + float(ndtri(power))) * (m.high - m.low) / 2 / z


def way_out(m: Measurement, limits: Sequence[tuple[float, str]], null: float, *, small: bool) -> str:
    """What would settle an inconclusive measurement: rows that bring its ends back within all `limits` (value, worse), by 1 / sqrt(n).

    Of an estimate beyond a limit, rows that take its interval off no effect (`null`), which is an Attention. That end, not half the
    width: an interval that is folded or bounded at 0 is longer on one side. Where a limit is no effect itself (`null`), no n keeps
    the interval off it unless there is one, so what these rows would have shown is told instead. Nor are rows told where the estimate
    is so near to the limit that their number is chance (a tenth of the way from there to its end).
    """
    if m.value is None or m.low is None or m.high is None:
        return "cannot tell"
    beyond = " or ".join(f"{worse} {limit:g}" for limit, worse in limits)
    word = "cannot tell" if small else f"cannot exclude a value {beyond}"
    if any(limit == null for limit, _ in limits):
        effect = detectable(m)
        shown = "" if effect is None else f", and one of {effect:.2g} would have shown"
        return f"{word}; where there is no effect no n settles it{shown}"
    if any(limit == m.value for limit, _ in limits):
        return f"{word}; the estimate lies on the limit, no n settles it"
    factor = max(_times(m.value, m.low, m.high, limit, worse, null) for limit, worse in limits)
    return (
        f"{word}; about {factor * m.n:,.0f} rows would settle it"
        if factor <= MOST_TIMES
        else f"{word}; no practical n settles it"
    )


def _times(value: float, low: float, high: float, limit: float, worse: str, null: float) -> float:
    beyond = value > limit if worse == "above" else value < limit
    if beyond == (worse == "above"):
        end, aim = low, null if beyond else limit
    else:
        end, aim = high, null if beyond else limit
    return float(max(((end - value) / (aim - value)) ** 2, 1.0))


def without_way_out(note: str) -> str:
    """A note without what a policy added to it, so that another policy can say its own."""
    return "; ".join(part for part in note.split("; ") if not _ADDED.fullmatch(part))


def weighed(m: Measurement) -> float:
    """What a policy's `min_n` is held against: rows, or rows of the rarer kind."""
    return m.n if m.size is None else m.size
