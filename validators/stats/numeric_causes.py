"""What makes served numbers differ from researched ones: nulls, caps, units, offsets, zones, rounding, codes, other rows and columns."""

from collections.abc import Iterator, Sequence

import numpy as np

from .causes import Cause, Elsewhere, from_elsewhere
from .parity import Floats, affine, constant_offset, cyclic_offset, rounded_to, unit_factor, whole_clock
from .text_causes import LEVELS, level_causes

ZONE = 900.0
AFTER_9999 = 253_402_300_800.0  # seconds
EPOCH = 100.0


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
    found: list[Cause | None] = [*_nulls(a, b, every, time=time), _constant(a, b, every, time=time)]
    found += from_elsewhere(b, elsewhere, ("swapped",), time=time)
    found += [_time_zone(a, b, every, time=time), *([] if time else [_cycle(a, b, every)])]
    found += [_unit(a, b, time=time), _offset(a, b, time=time)]
    found += _clock(a, b) if time else [_rounding(a, b), _truncation(a, b), _half_precision(a, b)]
    found += [_codes(a, b, time=time)]
    found += from_elsewhere(b, elsewhere, ("column", "lag", "stale"), time=time)
    found += [*([] if time else [_affine(a, b)]), _other_rows(a, b)]
    return [c for c in found if c is not None]


def told(value: float, *, time: bool = False) -> str:
    """A number in a sentence; as a date in UTC where it is seconds since 1970."""
    if not time or not abs(value) < AFTER_9999:
        return f"{value:.6g}"
    return str(np.datetime64(round(value), "s")).replace("T", " ").removesuffix(":00").removesuffix(" 00:00")


def _nulls(a: Floats, b: Floats, every: tuple[Floats, Floats], *, time: bool) -> Iterator[Cause | None]:
    lost, filled = np.isfinite(a) & np.isnan(b), np.isnan(a) & np.isfinite(b)
    if lost.any():
        values = np.unique(a[lost])
        what = (
            f"the value {told(values[0], time=time)} arrives"
            if len(values) == 1 and lost.sum() > 1
            else "values arrive"
        )
        yield Cause(kind="value_as_null", words=f"{what} as null", rows=lost)
    if filled.any():
        values, counts = np.unique(b[filled], return_counts=True)
        top = float(values[np.argmax(counts)])
        if counts.max() >= 0.9 * filled.sum() and (counts.max() > 1 or len(a) == 1):
            name = _name_of(top, every[0], time=time)
            yield Cause(kind="null_as_value", words=f"nulls arrive as {name}", rows=filled & (b == top), offset=top)
        else:
            yield Cause(kind="null_as_value", words="nulls arrive as values of their own", rows=filled)


def _name_of(value: float, research: Floats, *, time: bool) -> str:
    """A fill value by what it is."""
    known = research[np.isfinite(research)]
    spread = float(known.std()) if len(known) else 0.0
    for word, centre in (("mean", np.mean), ("median", np.median)):
        if spread > 0 and value != 0 and abs(value - float(centre(known))) <= 0.02 * spread:
            return f"{told(value, time=time)}, about the {word}"
    return told(value, time=time)


def _constant(a: Floats, b: Floats, every: tuple[Floats, Floats], *, time: bool) -> Cause | None:
    ok = np.isfinite(a) & np.isfinite(b)
    if not ok.any():
        return None
    values, counts = np.unique(b[ok], return_counts=True)
    top = float(values[np.argmax(counts)])
    rows = ok & (b == top)
    if rows.sum() < 2 or len(np.unique(a[rows])) < 2 or rows.sum() < 0.9 * ok.sum():
        return None
    served, name = every[1][np.isfinite(every[1])], told(top, time=time)
    if (a[rows] > top).all() and top == served.max() and top > served.min():
        return Cause(kind="clipped", words=f"values above {name} arrive as {name} (a cap)", rows=rows)
    if (a[rows] < top).all() and top == served.min() and top < served.max():
        return Cause(kind="clipped", words=f"values below {name} arrive as {name} (a floor)", rows=rows)
    return Cause(
        kind="constant", words=f"values are replaced by {_name_of(top, every[0], time=time)}", rows=rows, offset=top
    )


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


def _unit(a: Floats, b: Floats, *, time: bool) -> Cause | None:
    line = unit_factor(a, b)
    # times of one decade are nearly multiples of each other
    if line is None or (time and 1 / EPOCH < abs(line.factor) < EPOCH):
        return None
    f = line.factor
    if f == -1:
        return Cause(kind="sign", words="the sign is reversed", rows=line.holds, factor=f)
    words = f"served values are ×{told(f)} research, a unit factor"
    if abs(f) < 1:
        words = f"served values are 1/{told(1 / f)} of research (research is ×{told(1 / f)} of them), a unit factor"
    return Cause(kind="unit_factor", words=f"{words}: {line.name}" if line.name else words, rows=line.holds, factor=f)


def _offset(a: Floats, b: Floats, *, time: bool) -> Cause | None:
    line = constant_offset(a, b, time=time)
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
    words = f"served values are {told(line.factor)} × research {line.offset:+.6g}"
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


def _clock(a: Floats, b: Floats) -> Iterator[Cause | None]:
    for kind, word, cut in (("rounding", "rounded", False), ("truncation", "truncated", True)):
        found = whole_clock(a, b, cut=cut)
        if found is not None:
            yield Cause(kind=kind, words=f"times are {word} to whole {found[0]}s", rows=found[1])


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


def _codes(a: Floats, b: Floats, *, time: bool) -> Cause | None:
    if len(np.unique(a)) > LEVELS or len(np.unique(b)) > LEVELS:
        return None
    found = level_causes(*([None if np.isnan(v) else told(v, time=time) for v in side] for side in (a, b)))
    # a map with a level for every row or two explains anything
    levels = len(np.unique(a[found.rows])) if found is not None else 0
    return found if found is not None and (levels == 1 or found.rows.sum() >= 3 * levels) else None


def _other_rows(a: Floats, b: Floats) -> Cause | None:
    ok = np.isfinite(a) & np.isfinite(b)
    if ok.sum() < 10 or len(np.unique(a[ok])) < 10 or not np.array_equal(np.sort(a[ok]), np.sort(b[ok])):
        return None
    return Cause(kind="other_rows", words="the same values arrive on other rows (a join in the wrong order)", rows=ok)
