"""PIP108: without a common key, do served values have the scale and the gaps of researched ones?

How it is measured
------------------
For every numeric feature the quantiles of `serving` are divided by those of `test` (deciles from .1 to .9 of the values other than 0,
where both are clearly off 0; in mirrored order where all of them have changed sign). Where all of these ratios agree within `spread` and
three of their standard errors, and do not fit one, and lie near a known unit factor, or are negative and near a known factor or one,
`scale_factor_found` is 1 and the note names the factor; else 0. It is undefined where fewer than `fewest` values other than 0 are known
on a side, or fewer than three distinct quantiles tell: a single value a unit factor away may be another value. `missing_gap` is the
difference of the shares of missing values, whichever side has more (gaps that production fills are as foreign to the model as gaps that
it was not trained on), and `new_level_gap` the share of served rows with a level that test does not have, less the share of test rows
whose level no other row of test has (so many are to be expected where levels are open, and half the rows of test count for that; see
DRF102), with Newcombe's intervals for all features together. This is judged where no key is declared; with a key PIP103 compares row by
row, and this check only says so.

Why it matters
--------------
A unit error moves every quantile by one factor, so it shows without any key. Anything subtler needs the same rows on both sides.

What to do
----------
Declare the key and export `serving` for the keys of `test`: then every row is compared, and the difference is explained.

Sources
-------
Newcombe (1998), Statistics in Medicine 17, 873-890; Good (1953), Biometrika 40, 237-264; Breck et al. (2019), Data validation for machine
learning, MLSys.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.deciles import common_ratio
from ..stats.interval import folded, simultaneous_level
from ..stats.parity import Flags, Floats
from ..stats.proportions import newcombe_interval
from ..stats.units import named_factor
from ..summaries.pairs import PAIRED, as_numbers, as_texts, is_number
from ..summaries.row_sample import RowSample
from ..summaries.values import flags_as_numbers

LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`spread`: how far the ratios of the quantiles may lie apart, relative; `fewest` rows with a value other than 0 on each side."""

    spread: float = 0.15
    fewest: int = 30
    confidence: float = 0.95


def unkeyed_serving(given: Given) -> Iterator[Measurement]:
    """Unit factors, missing values and new levels of served rows that have no partner in test."""
    test: RowSample = given.summary(Role.TEST, PAIRED)
    serving: RowSample = given.summary(Role.SERVING, PAIRED)
    n = len(serving.rows)
    if "key" in given.declared:
        note = "rows have a key: PIP102 to PIP104 compare them one by one"
        yield Measurement(metric="served_rows", subject=subjects.MODEL, value=float(serving.total), n=n, note=note)
        return
    there = given.schemas.get(Role.SERVING, {})
    names = [str(f) for f in test.rows.X if str(f) in there]
    if not n or not len(test.rows) or not names:
        yield Measurement(
            metric="missing_gap", subject=subjects.MODEL, value=None, n=n, note="no served rows or features"
        )
        return
    level = simultaneous_level(given.options.confidence, 2 * len(names))
    for name in names:
        a, b = (flags_as_numbers(side.rows.X[name]) for side in (test, serving))
        yield _gap("missing_gap", name, b.isna().to_numpy(), a.isna().to_numpy(), level, fold=True)
        if is_number(a):
            yield from _factor(name, as_numbers(a), as_numbers(b), given.options)
        else:
            yield _new_levels(name, a, b, level)


def _gap(
    metric: str, name: str, served: Flags, research: Flags, level: float, *, told_by: float = 1.0, fold: bool = False
) -> Measurement:
    p, q = float(served.mean()), float(research.mean())
    ends = newcombe_interval(p, len(served), q, len(research) * told_by, confidence=level)
    value, ends = (abs(p - q), folded(ends)) if fold else (p - q, ends)
    note = f"{p:.2%} in serving, {q:.2%} in test"
    return Measurement(
        metric=metric, subject=subjects.feature(name), value=value, low=ends.low, high=ends.high, level=level,
        method="Newcombe", n=len(served), n_eff=float(len(served)), note=note,
    )  # fmt: skip


def _new_levels(name: str, a: pd.Series, b: pd.Series, level: float) -> Measurement:
    texts = as_texts(a)
    rows = Counter(texts)
    new = np.array([t is not None and t not in rows for t in as_texts(b)], np.bool_)
    lone = np.array([t is not None and rows[t] == 1 for t in texts], np.bool_)
    return _gap("new_level_gap", name, new, lone, level, told_by=0.5)


def _factor(name: str, a: Floats, b: Floats, options: Options) -> Iterator[Measurement]:
    about = subjects.feature(name)

    def told(value: float | None, n: int, note: str) -> Measurement:
        return Measurement(
            metric="scale_factor_found", subject=about, value=value, n=n, method="quantiles", note=f"{name}: {note}"
        )

    rows, shares = min(len(a), len(b)), [float((np.isfinite(v) & (v != 0)).mean()) for v in (a, b)]
    if not any(shares) and np.isfinite(a).any() and np.isfinite(b).any():
        yield told(0.0, rows, "no known value other than 0 on either side")
        return
    a, b = (v[np.isfinite(v) & (v != 0)] for v in (a, b))
    n = min(len(a), len(b))
    if n < options.fewest:
        # values that one side has and the other lost are no small subject
        lost = max(shares) * rows >= options.fewest and min(shares) < max(shares) / 4
        note = f"{n:,} known values other than 0 on a side; it takes {options.fewest}"
        yield told(None, rows if lost else n, note)
        return
    found = common_ratio(a, b, spread=options.spread)
    words = "" if found.value is None or found.one else _unit(found.value, options.spread / 2)
    if not found.distinct or (words and found.distinct < LEAST):
        yield told(None, n, f"{found.distinct} distinct quantiles clearly off 0; it takes {LEAST} to tell a unit")
        return
    note = "no common factor between the quantiles"
    if found.value is not None:
        note = f"served quantiles are ×{found.value:.4g} those of test" + (f": {words}" if words else "")
    yield told(float(bool(words)), n, note)
    if found.value is not None:
        yield Measurement(metric="quantile_ratio", subject=about, value=found.value, n=n, note=note)


def _unit(ratio: float, near: float) -> str:
    """The unit factor other than 1 that a ratio is near to, and whether the sign is turned round, in words."""
    factor, words = named_factor(ratio, near=near)
    if words and abs(np.log(abs(factor))) > np.log(1.5):
        return f"a unit factor of ×{factor:.6g}, {words}" + (", and the sign is turned round" if ratio < 0 else "")
    return "the sign is turned round" if abs(ratio + 1) < near else ""


CHECK = Check(
    code="PIP108",
    family=Family.PIPELINE,
    title="Scale and gaps of serving without a key",
    metrics=("scale_factor_found", "missing_gap", "new_level_gap", "quantile_ratio", "served_rows"),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(PAIRED,)),
    measure=unkeyed_serving,
    doc=__doc__,
    plants=(
        Plant(metric="scale_factor_found", fault="scaled_feature", null="halves", into=Role.SERVING, replicates=10),
        Plant(metric="missing_gap", fault="missing_values", null="halves", into=Role.SERVING, replicates=10),
        Plant(metric="new_level_gap", fault="new_levels", null="halves", into=Role.SERVING, replicates=10),
    ),
    options=Options(),
)
