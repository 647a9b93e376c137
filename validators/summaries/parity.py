"""Value parity of one feature over paired rows, and what explains the rows that differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.causes import FEWEST, Cause, Elsewhere, Levels, confined, from_elsewhere, peel
from ..stats.numeric_causes import numeric_causes, told
from ..stats.parity import Flags, Floats, differs, tolerance, whole_differs
from ..stats.text_causes import text_causes
from .pairs import Pairs, as_numbers, as_texts, is_number, is_time, served_times
from .values import flags_as_numbers

LAGS = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7)
STEPS = (("h", "hour"), ("D", "day"), ("W", "week"), ("M", "month"))
DIAGNOSED = 20_000
FEW_LEVELS = 30
SURE, LONGEST, LOOKED_AT = 0.9, 5, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A feature on both sides: floats or texts, and which rows differ."""

    name: str
    research: NDArray[Any]
    served: NDArray[Any]
    differs: Flags
    numeric: bool
    time: bool = False


def column_of(pairs: Pairs, name: str, *, atol: float, rtol: float) -> Column:
    """A feature compared: fractions by tolerance, whole numbers and texts as they are, times to a millisecond.

    Text for a number must spell it.
    """
    a, b = (flags_as_numbers(side.X[name]) for side in (pairs.test, pairs.serving))
    if not is_number(a):
        x, y = as_texts(a), as_texts(b)
        return Column(name=name, research=x, served=y, differs=np.asarray(x != y, np.bool_), numeric=False)
    time = is_time(a)
    x, y = as_numbers(a), served_times(b) if time else as_numbers(b)
    unread = np.isnan(y) & b.notna().to_numpy()
    if time:
        apart = differs(x, y, **tolerance(time=True))
    elif a.dtype.kind in "iu" and b.dtype.kind in "iu" and atol < 1:
        apart = np.asarray(a.fillna(0).to_numpy() != b.fillna(0).to_numpy(), np.bool_) | (np.isnan(x) != np.isnan(y))
    else:
        apart = whole_differs(x, y, atol=atol, rtol=rtol, single=b.dtype.kind not in "iu")
    return Column(name=name, research=x, served=y, differs=apart | unread, numeric=True, time=time)


def diagnosed(column: Column, columns: Mapping[str, Column], pairs: Pairs) -> list[Cause]:
    """Causes of a feature's differing rows, the largest first; at most 20,000 of the rows (by key hash) are looked at."""
    at = np.flatnonzero(column.differs)[:DIAGNOSED]
    a, b = column.research[at], column.served[at]
    if not column.numeric:
        return _diagnosed_text(column, columns, pairs, at)
    every = (column.research, column.served)
    places = [*_columns(column, columns), *_earlier(column, pairs)]

    def causes(left: NDArray[np.int64]) -> Sequence[Cause]:
        elsewhere = [Elsewhere(kind=p.kind, words=p.words, values=p.values[at[left]]) for p in places]
        return numeric_causes(a[left], b[left], every, elsewhere, time=column.time)

    return peel(len(at), causes)


def _diagnosed_text(column: Column, columns: Mapping[str, Column], pairs: Pairs, at: NDArray[np.int64]) -> list[Cause]:
    """`diagnosed` for texts: values of other columns and rows are told by the numbers of their levels."""
    texts = {name: c for name, c in columns.items() if not c.numeric}
    coded = dict(zip(texts, _coded(list(texts.values())), strict=True))
    mine = coded[column.name]
    places = [*_columns(mine, coded), *_earlier(mine, pairs)]

    def causes(left: NDArray[np.int64]) -> Sequence[Cause]:
        rows = at[left]
        moved = [Elsewhere(kind=p.kind, words=p.words, values=p.values[rows]) for p in places]
        swapped, others = (
            [c for c in from_elsewhere(mine.served[rows], moved, kinds) if c is not None]
            for kinds in (("swapped",), ("column", "lag", "stale"))
        )
        return text_causes(list(column.research[rows]), list(column.served[rows]), swapped, others)

    return peel(len(at), causes)


def _coded(texts: Sequence[Column]) -> Iterator[Column]:
    """Columns of text as numbers of their levels, the same for all; NaN is a missing value."""
    sides = [side for c in texts for side in (c.research, c.served)]
    codes = pd.factorize(np.concatenate(sides), use_na_sentinel=True)[0].astype(np.float64)
    codes[codes < 0] = np.nan
    parts = iter(np.split(codes, len(sides)))
    for c in texts:
        yield replace(c, research=next(parts), served=next(parts), numeric=True)


def _columns(column: Column, columns: Mapping[str, Column]) -> Iterator[Elsewhere]:
    """Other features' researched values: swapped where the other one serves this one's, or one behind it does, in a circle."""
    circle = _circle(column, columns)
    for name, other in columns.items():
        if name == column.name or not other.numeric or other.time != column.time:
            continue
        held = partial(Elsewhere, values=other.research)
        at = column.differs
        back = float((~differs(other.served[at], column.research[at], **tolerance(time=column.time))).mean())
        if back >= SURE and other.differs.any():
            yield held(kind="swapped", words=f"swapped with {name}")
        elif len(circle) > 2 and name == circle[1]:
            round_ = ", ".join(f"{a} holds {b}" for a, b in pairwise((*circle, circle[0])))
            yield held(kind="swapped", words=f"moved in a circle: {round_}")
        else:
            yield held(kind="column", words=f"holds the values of {name}")


def _circle(column: Column, columns: Mapping[str, Column]) -> list[str]:
    """Features that serve one another's values, each the next one's, from this one back to it; empty where there is no such circle."""
    found, now = [column.name], column
    while len(found) <= LONGEST:
        source = _source(now, columns)
        if source is None or source in found[1:]:
            return []
        if source == column.name:
            return found
        found.append(source)
        now = columns[source]
    return []


def _source(column: Column, columns: Mapping[str, Column]) -> str | None:
    """The differing feature whose researched values a feature's differing rows hold, if there is one."""
    at = np.flatnonzero(column.differs)[:LOOKED_AT]
    best, share = None, SURE
    for name, other in columns.items():
        if name != column.name and other.numeric and other.time == column.time and other.differs.any() and len(at):
            same = float((~differs(other.research[at], column.served[at], **tolerance(time=column.time))).mean())
            if same >= share:
                best, share = name, same
    return best


def _earlier(column: Column, pairs: Pairs) -> Iterator[Elsewhere]:
    """Values of rows before and after: of the same entity in time, in time, in the key's order; of hours to months earlier or later."""
    rows, n = pairs.test, len(pairs)
    time = None if rows.time is None else rows.time.astype("datetime64[ns]")
    order = rows.order if rows.order is not None else np.arange(n, dtype=np.float64)
    repeats = len(np.unique(rows.unit)) <= 0.8 * n
    x = column.research
    if time is not None and repeats:
        yield from _lagged(x, np.lexsort((order, time, rows.unit)), rows.unit, "of the same entity", "stale")
        yield from _shifted(x, time, rows.unit, ", of the same entity")
    if time is not None:
        yield from _lagged(x, np.lexsort((order, time)), None, "in time", "lag")
        yield from _shifted(x, time, np.zeros(n), "")
    if rows.order is not None and np.isfinite(rows.order).all():
        yield from _lagged(x, np.argsort(rows.order, kind="stable"), None, "in the order of the key", "lag")


def _lagged(
    x: Floats, order: NDArray[np.int64], unit: NDArray[np.uint64] | None, words: str, kind: str
) -> Iterator[Elsewhere]:
    for k in LAGS:
        moved = np.full(len(x), np.nan)
        if abs(k) >= len(x):
            continue
        to, source = (order[k:], order[:-k]) if k > 0 else (order[:k], order[-k:])
        moved[to] = x[source]
        if unit is not None:
            inside = unit[to] == unit[source]
            moved[to[~inside]] = np.nan
        side = "before" if k > 0 else "after"
        which = f"the row {side} it {words}" if abs(k) == 1 else f"{abs(k)} rows {side} {words}"
        yield Elsewhere(kind=kind, words=f"values are those of {which} (lag {k})", values=moved)


def _shifted(x: Floats, time: NDArray[Any], unit: NDArray[Any], words: str) -> Iterator[Elsewhere]:
    """Values of the unit's row exactly 1 to 7 hours, days, weeks or months earlier or later, where no unit has a time twice."""
    times, rank = np.unique(time, return_inverse=True)
    rows = np.unique(unit, return_inverse=True)[1] * len(times) + rank
    known, first = np.unique(rows, return_index=True)
    if len(known) < len(rows):
        return
    for (step, word), k in product(STEPS, LAGS):
        wanted = _moved(time, step, k)
        then = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
        row = rows - rank + then
        at = np.minimum(np.searchsorted(known, row), len(known) - 1)
        found = (times[then] == wanted) & (known[at] == row)
        if found.mean() >= FEWEST:
            span = f"{abs(k)} {word}s" if abs(k) > 1 else f"{'an' if word == 'hour' else 'a'} {word}"
            side = "earlier" if k > 0 else "later"
            moved = np.where(found, x[first[at]], np.nan)
            yield Elsewhere(kind="stale", words=f"values are those of {span} {side}{words}", values=moved)


def _moved(time: NDArray[Any], step: str, k: int) -> NDArray[Any]:
    """The times k steps before; by the calendar where the step is a month."""
    if step != "M":
        return np.asarray(time - np.array(k, f"m8[{step}]"))
    months = time.astype("datetime64[M]")
    return np.asarray((months - k).astype(time.dtype) + (time - months.astype(time.dtype)))


def where(part: Flags, column: Column, levels: Mapping[str, Levels], pairs: Pairs) -> str:
    """The period or level that a fault is confined to, in words; empty for none."""
    name = confined(part, {other: held for other, held in levels.items() if other != column.name})
    return " and ".join(filter(None, (_span(part, pairs), name and f"where {name}")))


def levels_of(columns: Mapping[str, Column], pairs: Pairs) -> dict[str, Levels]:
    """Levels of the features (as research has them) and sensitive columns that have at most thirty."""
    held: dict[str, Any] = {name: column.research for name, column in columns.items()}
    sensitive = pairs.test.sensitive
    held |= {str(name): sensitive[name].to_numpy(object) for name in sensitive if str(name) not in columns}
    found = {}
    for name, values in held.items():
        code, levels = pd.factorize(values, use_na_sentinel=True)
        if 2 <= len(levels) <= FEW_LEVELS:
            time = name in columns and columns[name].time
            words = tuple(told(v, time=time) if isinstance(v, float) else str(v) for v in levels)
            found[name] = (code.astype(np.int64), words)
    return found


def _span(part: Flags, pairs: Pairs) -> str:
    """First to last day of the differing rows, where chance would hardly leave the rest of the time without any."""
    time = pairs.test.time
    if time is None or part.sum() < 8 or np.isnat(time).any():
        return ""
    first, last = time[part].min(), time[part].max()
    p = float(((time >= first) & (time <= last)).mean())
    if not 0 < p < 0.7 or (part.sum() - 2) * np.log(p) > np.log(1e-6):
        return ""
    days = [np.datetime_as_string(t, unit="D") for t in (first, last)]
    return f"from {days[0]} to {days[1]}" if days[0] != days[1] else f"on {days[0]}"
