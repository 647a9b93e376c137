"""QUA102: which features are dead, or hold codes where values should be?

How it is measured
------------------
Per feature, on all rows of train (else test): `modal_share`, the share of rows that hold the commonest value of its fullest bin (the
value's part of the bin is taken from the sample), and `all_missing`, 1 where no row has a value. A rare flag is not dead: where the
outcomes of the few other rows differ from those of the rest (rank-sum test, Bonferroni over the features), the same number is
`modal_share_telling`, not judged. On the sample: `placeholder_share`, rows with one repeated smallest or largest number that lies further
from all others than they are apart (-999, 99999), told with their share in test: a code that the model was fitted on is a code all the
same; `mixed_unit_share`, rows of the smaller of two clusters of one shape that are a known unit factor apart, with a valley between them
(of 100 values or more of the sign that 95 % of them have; where there are no such, it is not looked for, which keeps no check open);
`mixed_type_share`, the rarer kind among levels that are partly numbers and partly words. These are counts of the rows as they are, so
they have no interval.

Why it matters
--------------
A constant says nothing and will say something the day that it changes. A placeholder is read as a number: the mean moves, trees
split beside it, and a linear model adds -999 times a weight. Two units in one column are wrong by the factor for a part of the
people.

What to do
----------
Drop dead features. Turn placeholders into missing values with a flag before fitting. Find the source that reports in another unit.

Sources
-------
Breck et al. (2019), Data validation for machine learning, MLSys; Schelter et al. (2018), Proceedings of the VLDB Endowment 11,
1781-1794.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from ..core import subjects
from ..core.data import Batch, Bins, LevelBins, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.defects import mixed_units, one_sign, placeholder
from ..stats.units import named_factor
from ..summaries.feature_counts import FeatureCounts, FeatureCountsKind
from ..summaries.row_sample import RowSampleKind
from ..summaries.values import text_of

COUNTS, SAMPLE = FeatureCountsKind("all"), RowSampleKind()
RARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`min_rows`: repeats from which on a far value is a code, not an outlier; `alpha` of the test whether few rows tell something."""

    min_rows: int = 5
    alpha: float = 0.01


def feature_defects(given: Given) -> Iterator[Measurement]:
    """Dead features, placeholders, mixed units and mixed types."""
    role = Role.TRAIN if given.has(Role.TRAIN, COUNTS) else Role.TEST
    counts: FeatureCounts = given.summary(role, COUNTS)
    sample = given.summary(role, SAMPLE)
    where = (
        f"{role.value}, {len(sample.rows):,} of {sample.total:,} rows"
        if len(sample.rows) < sample.total
        else role.value
    )
    for j, (name, bins) in enumerate(given.grid.features.items()):
        subject = subjects.feature(name)
        held = counts.weighted(name).sum(axis=0)
        telling = _telling(sample.rows, int(held.argmax()), j, given) if held.max() > RARE * held.sum() else False
        called, within = _commonest(sample.rows, j, bins, int(held.argmax()))
        yield from _dead(held, within, sample.total, bins.missing, called, subject, role.value, telling=telling)
        column = sample.rows.X[name]
        if isinstance(bins, LevelBins):
            yield _mixed_types(column, subject, where)
        elif pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            test = (
                given.summary(Role.TEST, SAMPLE).rows.X[name]
                if role is Role.TRAIN and given.has(Role.TEST, SAMPLE)
                else None
            )
            yield from _numbers(column, test, subject, where, given.options.min_rows)


def _telling(rows: Batch, modal: int, j: int, given: Given) -> bool:
    """Whether the outcomes of the rows outside the most frequent bin are others than those inside."""
    known = np.isfinite(rows.y)
    y, rest = rows.y[known], rows.codes[known, j] != modal
    if not rest.any() or rest.all():
        return False
    multiclass = given.task.type == "multiclass"
    sides = [(y == k).astype(np.float64) for k in range(len(given.task.classes))] if multiclass else [y]
    tested = [float(mannwhitneyu(side[rest], side[~rest]).pvalue) for side in sides if np.ptp(side) > 0]
    return bool(tested) and min(tested) * len(tested) * len(given.grid.features) < given.options.alpha


def _commonest(rows: Batch, j: int, bins: Bins, modal: int) -> tuple[str, float]:
    """The commonest value of the most frequent bin in words, and its share of the sampled rows there: a bin can pool many."""
    counts = rows.X.iloc[:, j][rows.codes[:, j] == modal].value_counts()
    if modal == bins.missing or counts.empty:
        return bins.names[modal], 1.0
    value, within = counts.index[0], float(counts.iloc[0] / counts.sum())
    if isinstance(value, Real) and not isinstance(value, bool):
        return f"{float(value):.6g}", within
    return (bins.names[modal] if within == 1 and isinstance(value, str) else text_of(value)), within


def _dead(
    held: NDArray[np.float64],
    within: float,
    n: int,
    missing_bin: int,
    called: str,
    subject: str,
    where: str,
    *,
    telling: bool,
) -> Iterator[Measurement]:
    weight = float(held.sum())  # of n rows, by no means a whole number
    if weight == 0:
        yield Measurement(metric="modal_share", subject=subject, value=None, n=0, note=f"no rows in {where}")
        return
    modal, missing = float(held.max()) * within, float(held[missing_bin])
    note = f"{where}: {modal / weight:.2%} of rows are {called}"
    if telling:
        note += "; the outcomes of the others differ"
    metric = "modal_share_telling" if telling else "modal_share"
    yield Measurement(metric=metric, subject=subject, value=modal / weight, n=n, method="count", note=note)
    yield Measurement(
        metric="all_missing",
        subject=subject,
        value=float(missing == weight),
        n=n,
        method="count",
        note=f"{missing / weight:.2%} missing",
    )


def _numbers(
    column: pd.Series, test: pd.Series | None, subject: str, where: str, min_rows: int
) -> Iterator[Measurement]:
    values = column.to_numpy(np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    n = len(values)
    if n == 0:
        for metric in ("placeholder_share", "mixed_unit_share"):
            yield Measurement(metric=metric, subject=subject, value=None, n=0, note=f"{where}: no value")
        return
    code = placeholder(values, min_rows=min_rows)
    note = f"{where}: {code.count:,} rows hold {code.value:g}" if code else f"{where}: none seen"
    if code and test is not None and len(test):
        note += f" ({code.count / len(column):.2%}; test {float((test == code.value).mean()):.2%})"
    yield Measurement(
        metric="placeholder_share",
        subject=subject,
        value=code.count / n if code else 0.0,
        n=n,
        method="count",
        note=note,
    )
    sizes, why = one_sign(values[values != code.value] if code else values)
    if why:
        note = f"{where}: two units were not looked for: {why}"
        yield Measurement(metric="mixed_unit_share", subject=subject, value=None, n=n, note=note)
        return
    units = mixed_units(sizes)
    note = f"{where}: one unit"
    if units:
        known = f"{units.factor:g}: {named_factor(units.factor)[1]}"
        note = f"{where}: {units.count:,} rows seem to be in a unit about {units.ratio:.3g} times another (nearest known: {known})"
    yield Measurement(
        metric="mixed_unit_share",
        subject=subject,
        value=units.count / n if units else 0.0,
        n=n,
        method="count",
        note=note,
    )


def _mixed_types(column: pd.Series, subject: str, where: str) -> Measurement:
    known = column.dropna()
    if known.empty:
        return Measurement(metric="mixed_type_share", subject=subject, value=None, n=0, note=f"{where}: no value")
    share = float(known.astype(object).map(_is_number).astype(np.float64).mean())
    rarer = min(share, 1 - share)
    note = f"{where}: {rarer:.2%} of the values are of the rarer kind (numbers or words)"
    return Measurement(metric="mixed_type_share", subject=subject, value=rarer, n=len(known), method="count", note=note)


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


CHECK = Check(
    code="QUA102",
    family=Family.QUALITY,
    title="Dead features, placeholders, mixed units",
    metrics=(
        "modal_share",
        "modal_share_telling",
        "all_missing",
        "placeholder_share",
        "mixed_unit_share",
        "mixed_type_share",
    ),
    needs=Needs(roles=(), one_of=(Role.TRAIN, Role.TEST), summaries=(COUNTS, SAMPLE)),
    measure=feature_defects,
    doc=__doc__,
    plants=(
        Plant(
            metric="placeholder_share", fault="placeholders", null="smooth", into=Role.TRAIN, replicates=3, rows=2500
        ),
        Plant(metric="mixed_unit_share", fault="two_units", null="smooth", into=Role.TRAIN, replicates=3, rows=2500),
        Plant(metric="mixed_type_share", fault="mixed_types", null="smooth", into=Role.TRAIN, replicates=3, rows=2500),
        Plant(metric="all_missing", fault="emptied_feature", null="smooth", into=Role.TRAIN, replicates=3, rows=2500),
    ),
    options=Options(),
)
