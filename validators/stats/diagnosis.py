"""What makes served values differ from researched ones: causes, in words, of the rows that differ.

Every cause is tried on the differing rows alone, so a fault of a tenth of the rows is as plain as one of all. The cause that
explains most of them wins, at a tie the simpler one; what it leaves is diagnosed again, at most three times.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .parity import Flags, Floats, affine, constant_offset, cyclic_offset, differs, rounded_to, unit_factor

FEWEST = 0.2
TIE = 0.005
ROUNDS = 3
ZONE = 900.0
LEVELS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why rows differ: a bare word, a clause in words, and the rows that it explains. `factor`, `offset` where it is arithmetic."""

    kind: str
    words: str
    rows: Flags
    factor: float | None = None
    offset: float | None = None

    @property
    def share(self) -> float:
        """Share of the rows that it explains."""
        return float(self.rows.mean()) if len(self.rows) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Values that could have come in the place of the right ones: another column's, an earlier row's."""

    kind: str
    words: str
    values: Floats


Finder = Callable[[Floats, Floats], Cause | None]


def peel(n: int, causes: Callable[[NDArray[np.int64]], Sequence[Cause]]) -> list[Cause]:
    """The causes of n differing rows, the largest first, each with the rows that those before it left."""
    left = np.arange(n)
    found: list[Cause] = []
    while len(left) and len(found) < ROUNDS:
        held = [c for c in causes(left) if c.share >= FEWEST]
        if not held:
            break
        top = max(c.share for c in held)
        best = next(c for c in held if c.share >= top - TIE)
        rows = np.zeros(n, np.bool_)
        rows[left[best.rows]] = True
        found.append(replace(best, rows=rows))
        left = left[~best.rows]
    return found


def numeric_causes(
    a: Floats, b: Floats, every: tuple[Floats, Floats], elsewhere: Sequence[Elsewhere] = (), *, time: bool = False
) -> list[Cause]:
    """Causes of differing numbers, the simpler first.

    Parameters
    ----------
    a, b : (n,) float64
        Researched and served values of the rows that differ.
    every
        The same of all rows, for what the whole column tells (mean, largest value, cycle).
    elsewhere
        Values from other places, at the same n rows.
    time : bool
        Whether the numbers are seconds since 1970.
    """
    found: list[Cause | None] = [*_nulls(a, b, every), _constant(a, b, every)]
    found += _from_elsewhere(b, elsewhere, ("swapped",))
    found += [_time_zone(a, b, every, time=time), _cycle(a, b, every), _unit(a, b), _offset(a, b, time=time)]
    found += [_rounding(a, b), _truncation(a, b), _half_precision(a, b)]
    found += [_codes(a, b)]
    found += _from_elsewhere(b, elsewhere, ("column", "lag", "stale"))
    found += [_affine(a, b), _other_rows(a, b)]
    return [c for c in found if c is not None]


def number(value: float) -> str:
    """A number in a sentence."""
    return f"{value:.6g}"


def _nulls(a: Floats, b: Floats, every: tuple[Floats, Floats]) -> Iterator[Cause | None]:
    lost, filled = np.isfinite(a) & np.isnan(b), np.isnan(a) & np.isfinite(b)
    if lost.any():
        values = np.unique(a[lost])
        what = f"the value {number(values[0])} arrives" if len(values) == 1 and lost.sum() > 1 else "values arrive"
        yield Cause(kind="value_as_null", words=f"{what} as null", rows=lost)
    if filled.any():
        values, counts = np.unique(b[filled], return_counts=True)
        top = float(values[np.argmax(counts)])
        if counts.max() >= 0.9 * filled.sum() and (counts.max() > 1 or len(a) == 1):
            name = _name_of(top, every[0])
            yield Cause(kind="null_as_value", words=f"nulls arrive as {name}", rows=filled & (b == top), offset=top)
        else:
            yield Cause(kind="null_as_value", words="nulls arrive as values of their own", rows=filled)


def _name_of(value: float, research: Floats) -> str:
    """A fill value by what it is."""
    known = research[np.isfinite(research)]
    spread = float(known.std()) if len(known) else 0.0
    for word, centre in (("mean", np.mean), ("median", np.median)):
        if spread > 0 and value != 0 and abs(value - float(centre(known))) <= 0.02 * spread:
            return f"{number(value)}, about the {word}"
    return number(value)


def _constant(a: Floats, b: Floats, every: tuple[Floats, Floats]) -> Cause | None:
    ok = np.isfinite(a) & np.isfinite(b)
    if not ok.any():
        return None
    values, counts = np.unique(b[ok], return_counts=True)
    top = float(values[np.argmax(counts)])
    rows = ok & (b == top)
    if rows.sum() < 2 or len(np.unique(a[rows])) < 2 or rows.sum() < 0.9 * ok.sum():
        return None
    served = every[1][np.isfinite(every[1])]
    if (a[rows] > top).all() and top == served.max() and top > served.min():
        return Cause(kind="clipped", words=f"values above {number(top)} arrive as {number(top)} (a cap)", rows=rows)
    if (a[rows] < top).all() and top == served.min() and top < served.max():
        return Cause(kind="clipped", words=f"values below {number(top)} arrive as {number(top)} (a floor)", rows=rows)
    return Cause(kind="constant", words=f"values are replaced by {_name_of(top, every[0])}", rows=rows, offset=top)


def _from_elsewhere(b: Floats, places: Sequence[Elsewhere], kinds: tuple[str, ...]) -> Iterator[Cause | None]:
    """The best place of each kind whose values agree with the served ones far more often than those of unrelated rows do."""
    for kind in kinds:
        best: Cause | None = None
        for place in (p for p in places if p.kind == kind):
            rows = ~differs(place.values, b, atol=1e-9, rtol=1e-6)
            cause = Cause(kind=kind, words=place.words, rows=rows)
            unrelated = np.roll(place.values, len(b) // 2 + 1)
            chance = float((~differs(unrelated, b, atol=1e-9, rtol=1e-6)).mean())
            telling = cause.share - chance >= 0.5 * (1 - chance)
            if telling and rows.sum() >= 3 and (best is None or cause.share > best.share):
                best = cause
        yield best


def _time_zone(a: Floats, b: Floats, every: tuple[Floats, Floats], *, time: bool) -> Cause | None:
    known = every[0][np.isfinite(every[0])]
    scale = 1.0
    if not time:
        if not len(known) or np.median(known) < 1e8 or (known != np.rint(known)).any():
            return None
        scale = 1000.0 if np.median(known) > 1e11 else 1.0
    d = (b - a) / scale
    with np.errstate(invalid="ignore"):
        rows = (np.abs(d / ZONE - np.rint(d / ZONE)) < 1e-6) & (np.abs(d) <= 14 * 3600) & (d != 0)
    shifts = np.unique(np.rint(d[rows] / ZONE)) * ZONE / 3600
    if not 1 <= len(shifts) <= 2:
        return None
    words = " or ".join(f"{h:+g}" for h in shifts)
    kind = " (another time zone, summer time included)" if len(shifts) == 2 else " (another time zone)"
    offset = float(shifts[0] * 3600) if len(shifts) == 1 else None
    return Cause(kind="time_zone", words=f"times are shifted by {words} hours{kind}", rows=rows, offset=offset)


def _cycle(a: Floats, b: Floats, every: tuple[Floats, Floats]) -> Cause | None:
    found = cyclic_offset(a, b, np.concatenate(every))
    if found is None:
        return None
    period, line = found
    zone = " (another time zone)" if period in (24.0, 1440.0, 86_400.0) else ""
    words = f"values are shifted by {line.offset:+g} within a cycle of {period:g}{zone}"
    return Cause(kind="time_zone" if zone else "cycle", words=words, rows=line.holds, offset=line.offset)


def _unit(a: Floats, b: Floats) -> Cause | None:
    line = unit_factor(a, b)
    if line is None:
        return None
    f = line.factor
    if f == -1:
        return Cause(kind="sign", words="the sign is reversed", rows=line.holds, factor=f)
    words = f"served values are ×{number(f)} research, a unit factor"
    if abs(f) < 1:
        words = f"served values are 1/{number(1 / f)} of research (research is ×{number(1 / f)} of them), a unit factor"
    return Cause(kind="unit_factor", words=f"{words}: {line.name}" if line.name else words, rows=line.holds, factor=f)


def _offset(a: Floats, b: Floats, *, time: bool) -> Cause | None:
    line = constant_offset(a, b)
    if line is None:
        return None
    unit = " seconds" if time else ""
    return Cause(
        kind="offset", words=f"served values are research {line.offset:+.6g}{unit}", rows=line.holds, offset=line.offset
    )


def _affine(a: Floats, b: Floats) -> Cause | None:
    line = affine(a, b)
    if line is None:
        return None
    words = f"served values are {number(line.factor)} × research {line.offset:+.6g}"
    words += f" ({line.name})" if line.name else ""
    return Cause(kind="affine", words=words, rows=line.holds, factor=line.factor, offset=line.offset)


def _rounding(a: Floats, b: Floats) -> Cause | None:
    found = rounded_to(a, b)
    return (
        None
        if found is None
        else Cause(kind="rounding", words=f"values are rounded to {_step(found[0])}", rows=found[1])
    )


def _truncation(a: Floats, b: Floats) -> Cause | None:
    found = rounded_to(a, b, cut=True)
    return (
        None
        if found is None
        else Cause(kind="truncation", words=f"values are truncated to {_step(found[0])}", rows=found[1])
    )


def _step(decimals: int) -> str:
    if decimals > 0:
        return f"{decimals} decimals" if decimals > 1 else "1 decimal"
    return "whole numbers" if decimals == 0 else f"multiples of {10**-decimals:,}"


def _half_precision(a: Floats, b: Floats) -> Cause | None:
    with np.errstate(over="ignore", invalid="ignore"):
        rows = np.isfinite(b) & (a.astype(np.float16).astype(np.float64) == b)
    return (
        Cause(kind="rounding", words="values are held in half precision (float16)", rows=rows) if rows.any() else None
    )


def _codes(a: Floats, b: Floats) -> Cause | None:
    if len(np.unique(a)) > LEVELS or len(np.unique(b)) > LEVELS:
        return None
    found = level_causes([_whole(v) for v in a], [_whole(v) for v in b])
    # a map with a level for every row or two explains anything
    levels = len(np.unique(a[found.rows])) if found is not None else 0
    return found if found is not None and (levels == 1 or found.rows.sum() >= 3 * levels) else None


def _whole(value: float) -> str | None:
    return None if np.isnan(value) else number(value)


def _other_rows(a: Floats, b: Floats) -> Cause | None:
    ok = np.isfinite(a) & np.isfinite(b)
    if ok.sum() < 10 or len(np.unique(a[ok])) < 10 or not np.array_equal(np.sort(a[ok]), np.sort(b[ok])):
        return None
    return Cause(kind="other_rows", words="the same values arrive on other rows (a join in the wrong order)", rows=ok)


def text_causes(a: Sequence[str | None], b: Sequence[str | None]) -> list[Cause]:
    """Causes of differing texts, the simpler first; None is a missing value."""
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
    return [c for c in (*found, mapped) if c is not None and c.rows.any()]


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


Levels = tuple[NDArray[np.int64], tuple[str, ...]]


def confined(part: Flags, columns: Mapping[str, Levels], *, chance: float = 1e-6) -> str | None:
    """The smallest level that holds all (99 %) differing rows, as ``region = south``, where chance would hardly bring that about.

    `columns` gives the level of every row as its index (-1 for none) and the levels' names. With k differing rows and a level that
    covers the share p of all rows, chance has probability p**k; it must stay below `chance` over the number of levels.
    """
    k, n = int(part.sum()), len(part)
    tried = sum(len(names) for _, names in columns.values())
    best, size = None, 0.6
    for column, (code, names) in columns.items():
        whole = np.bincount(code[code >= 0], minlength=len(names))
        inside = np.bincount(code[part & (code >= 0)], minlength=len(names))
        at = int(inside.argmax())
        p = float(whole[at] / n)
        if 0 < p < size and inside[at] >= 0.99 * k and k * np.log(p) < np.log(chance / tried):
            best, size = f"{column} = {names[at]}", p
    return best
