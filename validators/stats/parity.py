"""Parity of two columns of the same rows: which rows differ, and the arithmetic that turns one column into the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .units import named_factor, nearest_unit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

AFFINE: tuple[tuple[float, float, str], ...] = (
    (1.8, 32.0, "degrees Celsius served as Fahrenheit"),
    (1 / 1.8, -32.0 / 1.8, "degrees Fahrenheit served as Celsius"),
    (1.0, 273.15, "degrees Celsius served as kelvin"),
    (1.0, -273.15, "kelvin served as degrees Celsius"),
)
SINGLE, DOUBLE = 2.0**24, 2.0**53
TICK = 1e-3
CLOCK = ((1.0, "second"), (60.0, "minute"), (3600.0, "hour"), (86_400.0, "day"))
PERIODS = (24.0, 12.0, 7.0, 60.0, 360.0, 1440.0, 86_400.0)


def differs(a: Floats, b: Floats, *, atol: float, rtol: float) -> Flags:
    """(n,) whether |a - b| > atol + rtol |b|; NaN equals NaN and nothing else, infinities equal themselves.

    The rule of `numpy.isclose`, where `b` is the value to trust least: the served one.
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= atol + rtol * np.abs(b)
    near &= np.isfinite(a) & np.isfinite(b)
    return np.asarray(~(near | (a == b) | (np.isnan(a) & np.isnan(b))))


def whole_differs(a: Floats, b: Floats, *, atol: float, rtol: float, single: bool) -> Flags:
    """(n,) `differs`, but without `rtol` in rows where both are whole numbers, if all of `a` are: codes and counts, seconds since 1970.

    With `single`, and where all of `b` are numbers of single precision, however written, both are compared in it.
    """
    found, known = differs(a, b, atol=atol, rtol=rtol), np.isfinite(a)
    if not _whole(a[known]).all():
        return found
    rows = known & _whole(b)
    x, y = a[rows], b[rows]
    if single and (np.abs(y) > SINGLE).any():
        short = y.astype(np.float32)
        if ((short == y) | (short.astype(str).astype(np.float64) == y)).all():
            x, y = x.astype(np.float32).astype(np.float64), short.astype(np.float64)
    found[rows] = differs(x, y, atol=atol, rtol=0.0)
    return found


def _whole(values: Floats) -> Flags:
    """Which are whole numbers that a float holds exactly; beyond, every float is one."""
    return np.asarray((np.abs(values) < DOUBLE) & (values == np.rint(values)))


def tolerance(*, time: bool) -> dict[str, float]:
    """`atol` and `rtol` of values that are equal to single precision; of times, in seconds since 1970, to a millisecond."""
    return {"atol": TICK, "rtol": 0.0} if time else {"atol": 1e-9, "rtol": 1e-6}


def densest(values: Floats, *, rtol: float = 0.0, atol: float = 0.0) -> tuple[float, float]:
    """Centre and share of the densest window of width 2 (atol + rtol |v|); (NaN, 0) of no finite values.

    A mode, not a median: it finds what most values agree on while any others lie anywhere.
    """
    v = np.sort(values[np.isfinite(values)])
    if not len(v):
        return float("nan"), 0.0
    end = np.searchsorted(v, v + 2 * (atol + rtol * np.abs(v)), side="right")
    count = end - np.arange(len(v))
    first = int(np.argmax(count))
    inside = v[first : end[first]]
    return float(np.median(inside)), len(inside) / len(values)


def grain_of(values: Floats) -> float:
    """The step that all values are multiples of: 1, 0.1, 0.01 or 0.001; 0 when none is."""
    v = values[np.isfinite(values)]
    for k in range(4):
        step = 10.0**-k
        if len(v) and (np.abs(v / step - np.rint(v / step)) < 1e-6 * np.maximum(1.0, np.abs(v / step))).all():
            return step
    return 0.0


def _size(values: Floats) -> float:
    """Median absolute finite value; 0 of none."""
    known = np.abs(values[np.isfinite(values)])
    return float(np.median(known)) if len(known) else 0.0


def _slack(values: Floats) -> float:
    """Half the rounding step, where values are at least 20 steps large: small whole numbers lie near any line."""
    half = grain_of(values) / 2
    return half if _size(values) >= 40 * half else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """served = offset + factor * research on the rows `holds`; `name` says in words which units these are, where known."""

    factor: float
    offset: float
    holds: Flags
    name: str = ""


def unit_factor(a: Floats, b: Floats) -> Line | None:
    """The factor that most pairs share, or a known one that they obey up to the rounding of `b`; None without any.

    At least three distinct values must obey it: any two columns of one value stand in some ratio.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where((a != 0) & (b != 0), b / a, np.nan)
    found, _ = densest(ratio, rtol=2e-6)
    half = _slack(b)
    tries = [found, named_factor(found)[0]]
    if half:
        middle = float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else float("nan")
        tries.append(named_factor(nearest_unit(middle))[0])
    lines = [_line(a, b, factor, 0.0, half) for factor in tries if np.isfinite(factor) and abs(factor - 1) > 1e-3]
    best = max((held for held in lines if held is not None), key=lambda held: int(held.holds.sum()), default=None)
    return best if best is not None and _distinct(a, best.holds) >= 3 else None


def _line(a: Floats, b: Floats, factor: float, offset: float, half: float, name: str = "") -> Line | None:
    with np.errstate(invalid="ignore", over="ignore"):
        guess = offset + factor * a
        # the slack of single precision, but no more than a hundredth of what is to be explained: near values lie near any line
        slack = np.minimum(5e-6 * np.abs(b), np.abs(a - b) / 100)
        holds = np.abs(guess - b) <= half * (1 + 1e-9) + 1e-9 + slack
    words = name or (named_factor(factor)[1] if offset == 0 else "")
    return Line(factor=factor, offset=offset, holds=holds, name=words) if holds.any() else None


def constant_offset(a: Floats, b: Floats, *, time: bool = False) -> Line | None:
    """The difference that most pairs share; None without any, or where fewer than three distinct values obey it."""
    d = b - a
    slack = TICK if time else 1e-9 + 2e-6 * _size(b)
    found, _ = densest(d, atol=slack)
    if not np.isfinite(found) or abs(found) <= slack:
        return None
    nice = round(found, 6)
    if time:
        tries: list[Line | None] = [Line(factor=1.0, offset=nice, holds=~differs(a + nice, b, **tolerance(time=True)))]
    else:
        tries = [_line(a, b, 1.0, value, 0.0) for value in dict.fromkeys((nice, found))]
    best = max((held for held in tries if held is not None), key=lambda held: int(held.holds.sum()), default=None)
    return best if best is not None and _distinct(a, best.holds) >= 3 else None


def affine(a: Floats, b: Floats) -> Line | None:
    """The line that most pairs lie on: known temperature scales first, then the slope that most pairs of pairs share.

    At least four distinct values must lie on it, since a line goes through any two points.
    """
    half = _slack(b)
    lines = [_line(a, b, slope, shift, half, name) for slope, shift, name in AFFINE]
    ok = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
    if len(ok) >= 4:
        ok = ok[np.argsort(a[ok], kind="stable")]
        middle = len(ok) // 2
        left, right = ok[:middle], ok[-middle:]
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = np.where(a[right] != a[left], (b[right] - b[left]) / (a[right] - a[left]), np.nan)
        slope, _ = densest(slopes, rtol=2e-6)
        if np.isfinite(slope) and slope != 0:
            scale = _size(b)
            shift, _ = densest(b - slope * a, atol=1e-9 + 4e-6 * scale)
            lines.append(_line(a, b, slope, shift, 0.0))
    best = max((held for held in lines if held is not None), key=lambda held: int(held.holds.sum()), default=None)
    return best if best is not None and _distinct(a, best.holds) >= 4 else None


def cyclic_offset(a: Floats, b: Floats, every: Floats) -> tuple[float, Line] | None:
    """(period, shift) by which values wrap round a cycle (24 hours, 7 days, 12 months, ...); None where nothing wraps.

    `every` are all values of both sides: they must fill more than half of one cycle and not exceed it.
    """
    known = every[np.isfinite(every)]
    if not len(known) or known.min() < 0:
        return None
    low, width = (0.0 if known.min() < 1 else 1.0), float(known.max())
    best: tuple[float, Line] | None = None
    for period in PERIODS:
        if not (0.5 * period < width - low < period):
            continue
        d = np.mod(b - a, period)
        shift, _ = densest(d, atol=1e-6)
        holds = np.abs(d - shift) <= 1e-6
        up = np.abs((b - a) - shift)[holds] < 1e-6
        if not np.isfinite(shift) or shift < 1e-6 or up.all() or not up.any() or _distinct(a, holds) < 3:
            continue
        if best is None or holds.sum() > best[1].holds.sum():
            signed = shift if shift <= period / 2 else shift - period
            best = (period, Line(factor=1.0, offset=signed, holds=holds))
    return best


def rounded_to(a: Floats, b: Floats, *, cut: bool = False) -> tuple[int, Flags] | None:
    """(decimals, rows) where `b` is `a` rounded, or with `cut` truncated; None where no number of decimals does it.

    Coarse rounding of 10**k is looked for up to the spread of `a`, beyond which it is a constant.
    """
    spread = float(np.nanstd(a)) if np.isfinite(a).any() else 0.0
    best: tuple[int, Flags] | None = None
    for decimals in range(-6, 8):
        step = 10.0**-decimals
        if step > spread:
            continue
        with np.errstate(invalid="ignore"):
            whole = np.abs(b / step - np.rint(b / step)) <= np.clip(1e-6 * np.abs(b / step), 1e-6, 0.05)
            lost = np.abs(a) - np.abs(b)
            near = (lost >= 0) & (lost < step) if cut else np.abs(a - b) <= step / 2 * (1 + 1e-6)
        holds = whole & near
        if holds.any() and (best is None or holds.sum() > best[1].sum()):
            best = (decimals, holds)
    return best if best is not None and _distinct(a, best[1]) >= 3 else None


def whole_clock(a: Floats, b: Floats, *, cut: bool) -> tuple[str, Flags] | None:
    """(unit, rows) where the time `b` is `a` rounded, or with `cut` truncated, to a whole second, minute, hour or day in UTC."""
    best: tuple[str, Flags] | None = None
    for step, unit in CLOCK:
        with np.errstate(invalid="ignore"):
            lost = a - b
            near = (lost > -TICK) & (lost < step) if cut else np.abs(lost) <= step / 2 + TICK
            holds = near & (np.abs(b - np.rint(b / step) * step) <= TICK)
        if holds.any() and (best is None or holds.sum() > best[1].sum()):
            best = (unit, holds)
    return best if best is not None and _distinct(a, best[1]) >= 3 else None


def _distinct(a: Floats, rows: Flags) -> int:
    return len(np.unique(a[rows]))
