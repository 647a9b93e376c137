"""LEK107: was the preprocessing fitted on test rows as well?

How it is measured
------------------
The candidate's parts are walked for what they keep of the rows they were fitted on: means, variances, extremes, medians, fills and
levels of scalers, imputers and encoders, and of own classes that keep one number per column. Each is compared with the same
statistic of train alone and of train and test together, gaps filled as the part before it fills them. `fitted_on_all` is the number of
a feature's statistics that equal those of both together to 1e-9 and those of train not. Means, variances and extremes are exact over
all rows; medians and levels are compared where the sample holds all rows. `statistics_compared` counts what could be told apart; a
fill or a centre that may be a median, and is none of the statistics that could be looked at, is not counted, and the note says so.

Why it matters
--------------
A scaler that has seen the test rows carries their mean into training. The gain is small for a scaler and large for a target encoder;
either way the test is no longer of rows that the pipeline has never met.

What to do
----------
Put the preprocessing inside the pipeline, split first, and fit the pipeline on train only.

Sources
-------
Kapoor & Narayanan (2023), Patterns 4, 100804, on pre-processing on training and test set; Hastie, Tibshirani & Friedman (2009), The
Elements of Statistical Learning, 2nd ed., section 7.10.2.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.moments import Moment, Moments, MomentsKind
from ..summaries.row_sample import RowSample, RowSampleKind

MOMENTS, SAMPLE = MomentsKind(), RowSampleKind()
TOLERANCE = 1e-9
_WHOLE = re.compile(r"\(-?\d+\)")
MEANT: Mapping[str, tuple[str, ...]] = {
    "mean_": ("mean",),
    "var_": ("variance",),
    "data_min_": ("least",),
    "data_max_": ("largest",),
    "max_abs_": ("absolute",),
    "center_": ("median",),
    "statistics_": ("mean", "median", "mode"),
}
ANY_NAME = ("mean", "variance", "deviation")  # of own classes: extremes and medians are too often equal by chance
Facts = tuple[dict[str, float], dict[str, float]]


def fitted_on_all(given: Given) -> Iterator[Measurement]:
    """Stored statistics that equal those of train and test together."""
    found: dict[str, list[str]] = defaultdict(list)
    compared: dict[str, int] = defaultdict(int)
    strange: list[str] = []
    for part in given.models[CANDIDATE].fitted_statistics():
        for name, words in _part(given, part):
            if words is None:
                strange.append(name)
                continue
            compared[name] += 1
            if words:
                found[name].append(f"{words} of {part.get('class')} {part.get('place')}")
    alone = [words for held in found.values() for words in held]
    if len(alone) == 1 and _WHOLE.search(alone[0]):
        found.clear()  # one whole number may be equal by chance
    rows = sum(given.summary(role, SAMPLE).total for role in (Role.TRAIN, Role.TEST))
    for name, n in compared.items():
        note = "; ".join(found[name][:3]) or f"{n} statistics, none equals that of train and test together"
        yield Measurement(
            metric="fitted_on_all", subject=subjects.feature(name), value=float(len(found[name])), n=rows,
            method="comparison", note=note,
        )  # fmt: skip
    note = "" if compared else "the candidate keeps no statistic of its training rows that can be compared"
    if strange:
        some = ", ".join(dict.fromkeys(strange[:3])) + (" and others" if len(strange) > 3 else "")
        unseen = f"{len(strange)} may be medians, which are compared where the sample holds all rows ({some})"
        note = "; ".join(filter(None, (note, unseen)))
    yield Measurement(
        metric="statistics_compared", subject=subjects.MODEL, value=float(sum(compared.values())), n=rows, method="count", note=note,
    )  # fmt: skip


def _part(given: Given, part: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(feature, statistic that betrays it or nothing) of every comparison that one part allows; None where it cannot be told."""
    columns = [str(c) for c in part.get("columns") or ()]
    fills = part.get("fills") or [None] * len(columns)
    for attribute, values in dict(part.get("numbers") or {}).items():
        meant = MEANT.get(attribute, ANY_NAME)
        for name, fill, value in zip(columns, fills, values, strict=False):
            if name not in given.grid.features or not isinstance(value, int | float):
                continue
            train, both = _facts(given, name, fill, exact=attribute not in ("center_", "statistics_"))
            seen = [k for k in meant if k in both]
            told = [k for k in seen if not _equal(train[k], both[k])]
            unlike = attribute in MEANT and train and not _any_equal(value, train, both, seen)
            if unlike and len(seen) < len(meant):
                yield name, None
            elif told and (unlike or _any_equal(value, train, both, told)):
                same = [k for k in told if _equal(value, both[k])]
                innocent = any(k in train and _equal(value, train[k]) for k in meant)
                yield name, f"{same[0]} ({value:.6g})" if same and not innocent else ""
    if isinstance(part.get("target_mean"), int | float):
        words = _target_mean(given, float(part["target_mean"]))
        yield from ((name, words) for name in columns if words is not None and name in given.grid.features)
    for name, levels in zip(columns, part.get("levels") or (), strict=False):
        if levels is not None and name in given.grid.features:
            yield from _levels(given, name, {str(v) for v in levels})


def _any_equal(value: float, train: Mapping[str, float], both: Mapping[str, float], told: list[str]) -> bool:
    """Whether a number is one of these statistics at all."""
    return any(_equal(value, held[k]) for held in (train, both) for k in told)


def _equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.0)


def _facts(given: Given, name: str, fill: Any, *, exact: bool) -> Facts:
    """Statistics of a feature on train, and on train and test, by name."""
    held: list[Moments] = [given.summary(role, MOMENTS) for role in (Role.TRAIN, Role.TEST)]
    if name not in held[0].features:
        return {}, {}
    moments: list[Moment] = [m.features[name] for m in held]
    value = float(fill) if isinstance(fill, int | float) else None
    train, both = (m.filled(value).statistics() for m in (moments[0], moments[0] + moments[1]))
    if not exact:
        samples = _whole(given)
        if samples is not None:
            columns = [s.rows.X[name].astype(np.float64).dropna() for s in samples]
            for facts, column in ((train, columns[0]), (both, pd.concat(columns))):
                if len(column):
                    facts |= {"median": float(column.median()), "mode": float(column.mode().iloc[0])}
    return train, both


def _whole(given: Given) -> list[RowSample] | None:
    """The samples of train and test, where they hold all rows."""
    held: list[RowSample] = [given.summary(role, SAMPLE) for role in (Role.TRAIN, Role.TEST)]
    return held if all(len(s.rows) == s.total for s in held) else None


def _target_mean(given: Given, stored: float) -> str | None:
    """What the mean outcome of a target encoder betrays; None where it cannot be told."""
    samples = _whole(given)
    if samples is None or given.task.type == "multiclass":
        return None
    known = [s.rows.y[~np.isnan(s.rows.y)] for s in samples]
    if not all(len(y) for y in known) or _equal(float(known[0].mean()), float(np.concatenate(known).mean())):
        return None
    return f"mean outcome ({stored:.6g})" if _equal(stored, float(np.concatenate(known).mean())) else ""


def _levels(given: Given, name: str, stored: set[str]) -> Iterator[tuple[str, str]]:
    samples = _whole(given)
    if samples is None:
        return
    train, test = ({str(v) for v in s.rows.X[name].dropna().unique()} for s in samples)
    if test - train:
        known = stored - {"nan", "None"}
        yield name, f"{len(test - train)} levels that only test has" if known == train | test else ""


CHECK = Check(
    code="LEK107",
    family=Family.LEAKAGE,
    title="Preprocessing fitted on all rows",
    metrics=("fitted_on_all", "statistics_compared"),
    needs=Needs(roles=(Role.TRAIN, Role.TEST), summaries=(MOMENTS, SAMPLE), models=(CANDIDATE,), calls=True),
    measure=fitted_on_all,
    doc=__doc__,
    plants=(Plant(metric="fitted_on_all", fault="kept_of_all", null="kept_of_train", replicates=5, rows=1000),),
)
