"""What makes served texts and codes differ from researched ones."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from .causes import TIE, Cause
from .parity import Flags

LEVELS = 40


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
    mapped = level_causes(a, b)
    return [c for c in (*found, *swapped, mapped, *elsewhere) if c is not None and c.rows.any()]


def _packed(text: str) -> str:
    """A text without its blanks."""
    return "".join(text.split())


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
