"""What makes served texts and codes differ from researched ones."""

import calendar
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .causes import TIE, Cause
from .parity import Flags

LEVELS, ORDERED = 40, 4
CALENDAR = tuple(
    [name.casefold() for name in names if name]
    for names in (calendar.month_name, calendar.month_abbr, calendar.day_name, calendar.day_abbr)
)


def text_causes(
    a: Sequence[str | None], b: Sequence[str | None], swapped: Sequence[Cause] = (), elsewhere: Sequence[Cause] = ()
) -> list[Cause]:
    """Causes of differing texts, the simpler first; None is a missing value.

    `swapped` and `elsewhere` are what values from other columns and rows explain: plainer than levels that are mapped otherwise,
    and less plain.
    """
    x, y = np.array(a, object), np.array(b, object)
    here, there = np.array([p is not None for p in a], np.bool_), np.array([q is not None for q in b], np.bool_)

    def rows(same: Callable[[str, str], bool]) -> Flags:
        return np.array([ok and same(p, q) for ok, p, q in zip(here & there, x, y, strict=True)], np.bool_)

    fills = set(y[~here & there])
    word = f"nulls arrive as {next(iter(fills))!r}" if len(fills) == 1 else "nulls arrive as values of their own"
    found = [
        Cause(kind="value_as_null", words="values arrive as null", rows=here & ~there),
        Cause(kind="null_as_value", words=word, rows=~here & there),
        Cause(kind="whitespace", words="blanks differ", rows=rows(lambda p, q: _packed(p) == _packed(q))),
        Cause(kind="case", words="upper and lower case differ", rows=rows(lambda p, q: p.casefold() == q.casefold())),
        Cause(
            kind="case",
            words="case and blanks differ",
            rows=rows(lambda p, q: _packed(p).casefold() == _packed(q).casefold()),
        ),
    ]
    cut = rows(lambda p, q: len(q) < len(p) and p.startswith(q))
    lengths = {len(q) for q in y[cut]}
    if len(lengths) == 1:
        found.append(Cause(kind="truncation", words=f"texts are cut after {lengths.pop()} characters", rows=cut))
    later = (_moved_levels(x, y, here & there), level_causes(a, b))
    return [c for c in (*found, *swapped, *later, *elsewhere) if c is not None and c.rows.any()]


def _packed(text: str) -> str:
    """A text without its blanks."""
    return "".join(text.split())


def _moved_levels(x: NDArray[Any], y: NDArray[Any], known: Flags) -> Cause | None:
    """Levels that arrive so many places further on in their order, as months one later, the last ones as the first."""
    order = _in_order({*x[known], *y[known]})
    if len(order) < ORDERED:
        return None
    at, n = {level: i for i, level in enumerate(order)}, len(order)
    here, there = np.array([at[p] for p in x[known]]), np.array([at[q] for q in y[known]])
    most = int(np.bincount((there - here) % n, minlength=n).argmax())
    step = most if most <= n / 2 else most - n
    rows = np.zeros(len(x), np.bool_)
    rows[known] = (there - here) % n == most
    straight = np.flatnonzero(known)[there - here == step]
    if len(set(x[rows])) < ORDERED - 1 or not len(straight):
        return None
    round_it = len(straight) < rows.sum()
    end, first = ", and round the end" if round_it else "", straight[0]
    words = f"values are shifted by {step:+d} in the order of their {n} levels{end}: {x[first]} arrives as {y[first]}"
    return Cause(kind="cycle" if round_it else "offset", words=words, rows=rows)


def _in_order(levels: set[str]) -> list[str]:
    """The levels in the order that they have: of the calendar's names, or of digits in texts of one shape; none without one."""
    place = {level: level.casefold() for level in levels}
    for names in CALENDAR:
        if levels and set(place.values()) <= set(names):
            given = {word: level for level, word in place.items()}
            return [given.get(name, name) for name in names]
    shapes = {re.sub(r"\d", "9", level) for level in levels}
    return sorted(levels) if len(shapes) == 1 and "9" in next(iter(shapes)) else []


def level_causes(a: Sequence[str | None], b: Sequence[str | None]) -> Cause | None:
    """The assignment of served to researched levels that most rows obey: permuted, renamed, or merged; None with too many levels."""
    pairs = [(p, q) for p, q in zip(a, b, strict=True) if p is not None and q is not None]
    left, right = sorted({p for p, _ in pairs}), sorted({q for _, q in pairs})
    if not pairs or len(left) > LEVELS or len(right) > LEVELS:
        return None
    at, to = {v: i for i, v in enumerate(left)}, {v: i for i, v in enumerate(right)}
    table = np.zeros((len(left), len(right)), np.int64)
    for p, q in pairs:
        table[at[p], to[q]] += 1
    i, j = linear_sum_assignment(table, maximize=True)
    one_to_one = {left[r]: right[c] for r, c in zip(i, j, strict=True) if table[r, c]}
    mapping = one_to_one
    if sum(table[at[p], to[q]] for p, q in one_to_one.items()) < (1 - TIE) * table.max(axis=1).sum():
        mapping = {left[r]: right[int(table[r].argmax())] for r in range(len(left))}
    rows = np.array([p is not None and mapping.get(p) == q for p, q in zip(a, b, strict=True)], np.bool_)
    shown = ", ".join(f"{p} arrives as {q}" for p, q in list(mapping.items())[:6]) + (
        ", ..." if len(mapping) > 6 else ""
    )
    if len(mapping) == 1:
        return Cause(kind="replaced_level", words=shown, rows=rows)
    permuted = len(mapping) == len(set(mapping.values())) and set(mapping.values()) <= set(mapping)
    name = "codes are permuted" if permuted else "levels are mapped otherwise"
    return Cause(kind="permuted_codes" if permuted else "other_levels", words=f"{name}: {shown}", rows=rows)
