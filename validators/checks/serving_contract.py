"""PIP101: does production serve the columns that the model was tested with?

How it is measured
------------------
Columns of `serving` against those of `test`: `absent_feature` (a feature that is not served, or not in every file of a folder),
`other_type` (text where a number was, and the like, whatever the width of numbers; or no value at all, where as many rows of test would
hardly have none), for information the columns that only serving has. Served values against what the project declares
([constraints.*]: min, max, nullable, levels): `outside_contract` is the share of the served rows with a value (for nullable of all) that
break it, with its exact bound. For information, per feature: the share of missing values on both sides, of served values outside the
range of test, and of served levels that test does not have. All rows up to 200,000, beyond that those with the smallest key hashes.

Why it matters
--------------
A column that is not served is filled with something, and the model goes on. A number that arrives as text becomes an unknown
level. Neither raises an error.

What to do
----------
Serve the column in the type that the model was fitted with, or fit without it. Refuse a request that breaks the contract.

Sources
-------
Breck, Polyzotis, Roy, Whang & Zinkevich (2019), Data validation for machine learning, MLSys; Schelter et al. (2018), Automating
large-scale data quality verification, PVLDB 11, 1781-1794.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.data import Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.numeric_causes import told
from ..stats.parity import Flags
from ..summaries.counted import counted
from ..summaries.pairs import PAIRED, as_numbers, as_texts, is_number, is_time, served_times
from ..summaries.row_sample import RowSample
from ..summaries.values import flags_as_numbers

CONFIDENCE = 0.95


def serving_contract(given: Given) -> Iterator[Measurement]:
    """Columns, types and declared constraints of the served rows."""
    test: RowSample = given.summary(Role.TEST, PAIRED)
    serving: RowSample = given.summary(Role.SERVING, PAIRED)
    features = [str(f) for f in test.rows.X]
    here, there = given.schemas.get(Role.TEST, {}), given.schemas.get(Role.SERVING, {})
    if not len(serving.rows):
        for metric in ("other_type", *(["outside_contract"] if given.constraints else [])):
            yield Measurement(
                metric=metric, subject=subjects.MODEL, value=None, n=len(test.rows), note="no row is served"
            )
    yield from _columns(features, here, there, test, serving)
    for name in (f for f in features if f in there and len(serving.rows)):
        a, b = test.rows.X[name], serving.rows.X[name]
        yield from _constraints(name, b, given.constraints.get(name, {}))
        yield from _information(name, flags_as_numbers(a), flags_as_numbers(b))


def _columns(
    features: list[str], here: Mapping[str, str], there: Mapping[str, str], test: RowSample, serving: RowSample
) -> Iterator[Measurement]:
    # a folder of served files may lose a column from one of them on; its kind then says of how many
    partly = [f for f in features if there.get(f, "").startswith("not in ")]
    absent = [f for f in features if f not in there or f in partly]
    for name in absent:
        note = (
            f"{name} is {there[name]}"
            if name in partly
            else f"{name} is not served; serving has {', '.join(list(there)[:12])}"
        )
        yield Measurement(
            metric="absent_feature", subject=subjects.feature(name), value=1.0, n=len(features), note=note
        )
    served = [f for f in features if f not in absent]
    other = {f: f"{f} has no value in serving" for f in served if _emptied(f, test, serving, len(served))}
    other |= {
        f: f"{f} is {here.get(f)} in test and {there[f]} in serving"
        for f in served
        if "nothing" not in (here.get(f), there[f]) and _family(here.get(f)) != _family(there[f])
    }
    for name, note in other.items():
        yield Measurement(metric="other_type", subject=subjects.feature(name), value=1.0, n=len(served), note=note)
    for metric, found, word in (
        ("absent_feature", absent, "are served"),
        ("other_type", other, "have the type of test"),
    ):
        if not found and (metric == "absent_feature" or len(serving.rows)):
            some = features if metric == "absent_feature" else served
            note = f"all {len(some)} features {word}"
            yield Measurement(metric=metric, subject=subjects.MODEL, value=0.0, n=len(some), note=note)
    extra = [c for c in there if c not in here]
    note = f"only in serving: {', '.join(extra[:12])}" if extra else "serving has no column that test lacks"
    yield Measurement(metric="extra_columns", subject=subjects.MODEL, value=float(len(extra)), n=len(there), note=note)


def _emptied(name: str, test: RowSample, serving: RowSample, served: int) -> bool:
    """Whether no served row has a value of a feature, though as many rows of test would hardly (for all features together) have none.

    A row of test has none with the chance (k + 1) / (n + 2), Laplace's rule of succession, for a few rows never show that none can be.
    """
    rows, gone = len(serving.rows), test.rows.X[name].isna()
    if not rows or not serving.rows.X[name].isna().all():
        return False
    chance = (int(gone.sum()) + 1) / (len(gone) + 2)
    return bool(chance**rows < (1 - CONFIDENCE) / served) and not gone.all()


def _family(kind: str | None) -> str | None:
    return "number" if kind == "true or false" else kind


def _constraints(name: str, column: pd.Series, declared: Mapping[str, Any]) -> Iterator[Measurement]:
    """Share of served rows that break each declared constraint of a feature."""
    missing = column.isna().to_numpy()
    if declared.get("nullable") is False:
        yield _broken(name, "null", missing, "missing though declared as never missing")
    if "levels" in declared:
        allowed = set(as_texts(pd.Series(declared["levels"], dtype=object)))
        odd = np.array([t not in allowed for t in as_texts(column)[~missing]], np.bool_)
        yield _broken(name, "levels", odd, f"not one of {', '.join(sorted(allowed)[:8])}")
    v = as_numbers(column) if "min" in declared or "max" in declared else np.zeros(0)
    v = v[~np.isnan(v)]
    if "min" in declared:
        yield _broken(name, "min", v < declared["min"], f"below {declared['min']:g}")
    if "max" in declared:
        yield _broken(name, "max", v > declared["max"], f"above {declared['max']:g}")


def _broken(name: str, rule: str, odd: Flags, words: str) -> Measurement:
    """Share of the served rows that have a value; where none has, the question does not arise (`other_type` tells what was emptied)."""
    k, n = int(odd.sum()), len(odd)
    about = subjects.join(subjects.feature(name), subjects.rows(rule))
    if not n:
        note = f"no served row of {name} has a value"
        return Measurement(metric="outside_contract", subject=about, value=None, n=0, note=note)
    note = f"{name}: {k:,} of {n:,} served rows {words}" if k else f"no served row of {name} is {words}"
    return counted("outside_contract", about, k, n, level=CONFIDENCE, note=note)


def _information(name: str, a: pd.Series, b: pd.Series) -> Iterator[Measurement]:
    about, n = subjects.feature(name), len(b)
    note = f"{a.isna().mean():.2%} of test, {b.isna().mean():.2%} of serving"
    yield Measurement(
        metric="served_missing", subject=about, value=float(b.isna().mean()), n=n, method="count", note=note
    )
    if is_number(a):
        time = is_time(a)
        x, y = as_numbers(a), served_times(b) if time else as_numbers(b)
        known = x[np.isfinite(x)]
        if len(known):
            out = float(((y < known.min()) | (y > known.max())).mean())
            note = f"test holds {told(known.min(), time=time)} to {told(known.max(), time=time)}"
            yield Measurement(metric="outside_range", subject=about, value=out, n=n, method="count", note=note)
        return
    levels = {t for t in as_texts(a) if t is not None}
    new = [t for t in as_texts(b) if t is not None and t not in levels]
    note = f"such as {', '.join(sorted(set(new))[:5])}" if new else "every served level is in test"
    yield Measurement(metric="unknown_level_share", subject=about, value=len(new) / n, n=n, method="count", note=note)


CHECK = Check(
    code="PIP101",
    family=Family.PIPELINE,
    title="Contract of the served columns",
    metrics=(
        "absent_feature",
        "other_type",
        "extra_columns",
        "outside_contract",
        "served_missing",
        "outside_range",
        "unknown_level_share",
    ),
    needs=Needs(roles=(Role.TEST, Role.SERVING), summaries=(PAIRED,)),
    measure=serving_contract,
    doc=__doc__,
    plants=(
        Plant(metric="absent_feature", fault="absent_column", null="served", into=Role.SERVING, replicates=5),
        Plant(metric="other_type", fault="other_type", null="served", into=Role.SERVING, replicates=5),
    ),
)
