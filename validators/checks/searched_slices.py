"""PRF202: is there a slice, that nobody named, in which the candidate fails?

How it is measured
------------------
All conjunctions of one or two conditions over the features and sensitive columns (runs of quantile bins, frequent levels, missing
values), and those of three that grow from the best pairs, are searched for rows that lose more than the model itself expects. A
classifier expects the entropy of its probabilities, once they are recalibrated on all rows, so a model that is off everywhere is not
reported as a slice (see calibration); a regression expects the squared error that is natural at such a row: that of our own learner,
fitted on one half of train and erring on the other, as a function of the features (without train: that of other rows with predictions
in the same tenth), and the excess is relative to it. The rows that a slice is found on and those that it is measured on have it from
different halves of train, so a natural error that is too low by chance in one finds nothing that it also judges. The test rows (at most
20,000, by key hash) are split in two by what makes them dependent. A slice found on one half is measured on the other, and the
reverse, so its figure is not the best of thousands; one found on both halves is measured on both. Of each half, the two surest slices
of one, of two and of three conditions are reported. `slice_excess_loss` is relative to the mean loss; its intervals, by the
delete-a-group jackknife, hold for all slices reported together (Bonferroni). `largest_excess` asks whether any slice matters as a
whole: what the surest slice of each half adds to the mean loss on the other half (its excess times its share of the weight, a share
above a fifth counting as a fifth), averaged over both. Slices have at least 100 rows and one row in a hundred; one with less than a
fifth of the rows can alarm, but cannot make the check inconclusive.

Why it matters
--------------
Weak slices are rarely those that anybody thought of. But a search that reports the worst of many thousand small groups, on the rows
that it searched, finds failures in every sound model: with slices of 50 rows and a true accuracy of .80, the worst of 200
shows .65.

What to do
----------
Read the conditions as a question to whoever knows the data: what is different there? Then declare the slice in the project file, so
that the next version is held against it on new rows. Labels, a changed source and missing features are the usual causes.

Sources
-------
Sagadeeva & Boehm (2021), SliceLine, SIGMOD, 2290-2299, for the enumeration; Athey & Imbens (2016), PNAS 113, 7353-7360, for finding
and estimating on different rows; Chung, Kraska, Polyzotis, Tae & Whang (2020), IEEE TKDE 32, 2284-2296.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, GROUPS, Batch, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.slices import Search, Slice, search
from ..summaries.cells import Floats, divided, measured
from ..summaries.conditions import Conditions, conditions
from ..summaries.excess import excess_loss, relative_excess
from ..summaries.refits import expected_error
from ..summaries.row_sample import RowSampleKind, take
from ..summaries.scored_rows import ScoredRows, scored_rows

SAMPLE = RowSampleKind()
FIFTH, HALVES = 0.2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is searched.

    `bins` of a number and `levels` of a text column; `conditions` of a slice at most; `min_rows` and `min_share` of the rows
    at least; `material`, the excess relative to the mean loss below which a slice is not worth finding; `keep` slices of each half and
    number of conditions; `train_rows` that tell what is natural in a regression, at most.
    """

    bins: int = 6
    levels: int = 20
    conditions: int = 3
    min_rows: int = 100
    min_share: float = 0.01
    material: float = 0.1
    keep: int = 2
    train_rows: int = 8000
    confidence: float = 0.95


def searched_slices(given: Given) -> Iterator[Measurement]:
    """The slices found on each half, measured on the other."""
    options, sample = given.options, given.summary(Role.TEST, SAMPLE)
    rows = scored_rows(sample, given.grid, (CANDIDATE,))
    min_rows = int(max(options.min_rows, np.ceil(options.min_share * rows.n)))
    mean = float(rows.weight @ rows.loss[CANDIDATE] / rows.weight.sum()) if rows.n else 0.0
    if rows.n < 2 * min_rows or not mean > 0:
        why = (
            f"{rows.n} rows with an outcome; a search takes {2 * min_rows}"
            if mean > 0 or not rows.n
            else "the model makes no error"
        )
        yield Measurement(metric="largest_excess", subject=subjects.MODEL, value=None, n=rows.n, note=why)
        return
    half = (rows.unit // np.uint64(GROUPS)) % np.uint64(2) == 0
    batch = take(sample.rows, rows.where)
    excess = _relative_excess(given, rows, batch, half, mean)
    held = conditions(batch, bins=options.bins, levels=options.levels, min_rows=min_rows)
    what = Search(min_rows=min_rows, material=options.material, conditions=options.conditions, keep=options.keep)
    found = [search(held.codes, held.items, excess, rows.weight, side, what) for side in (half, ~half)]
    notes = (rows.note, f"not searched: {', '.join(held.left_out)}" if held.left_out else "")
    yield _largest(found, held, excess, rows, half, given, notes)
    listed = list(dict.fromkeys(s for side in found for s in side))
    level = simultaneous_level(options.confidence, len(listed))
    for s in listed:
        yield from _measured(s, found, held, excess, rows, half, level)


def _relative_excess(given: Given, rows: ScoredRows, batch: Batch, half: NDArray[np.bool_], mean: float) -> Floats:
    """(n,) loss over what is expected, relative to its mean; in regression, by another half of train in either half of the rows."""
    if given.task.type == "regression" and given.has(Role.TRAIN, SAMPLE):
        train = given.summary(Role.TRAIN, SAMPLE).thin(given.options.train_rows)
        natural = expected_error(train, batch, given.task, given.grid)
        if natural is not None:
            one, other = (relative_excess(rows, CANDIDATE, n) for n in natural)
            return np.where(half, one, other)
    return excess_loss(rows, CANDIDATE, given.task, half) / mean


def _inside(s: Slice, held: Conditions) -> NDArray[np.bool_]:
    rows = np.ones(len(held.codes), np.bool_)
    for item in (held.items[k] for k in s):
        rows &= np.isin(held.codes[:, item.column], item.bins)
    return rows


def _subject(s: Slice, held: Conditions) -> str:
    return subjects.slice_of([t for k in sorted(s, key=lambda k: held.items[k].column) for t in held.terms[k]])


def _measured(
    s: Slice,
    found: list[list[Slice]],
    held: Conditions,
    excess: Floats,
    rows: ScoredRows,
    half: NDArray[np.bool_],
    level: float,
) -> Iterator[Measurement]:
    """One slice, on the rows that it was not found on; its size is its share of all rows, in thousandths."""
    inside, subject = _inside(s, held), _subject(s, held)
    fresh = np.ones(rows.n, np.bool_) if s in found[0] and s in found[1] else ~half if s in found[0] else half
    here = rows.only(inside & fresh)
    over, w = here.sums(excess[inside & fresh], np.ones(here.n)).T
    where = (
        "found on either half of the rows, measured on the other"
        if fresh.all()
        else "found on one half of the rows, measured on the other"
    )
    m = measured(
        "slice_excess_loss", subject, divided(over, w), here, level=level, size=1000 * float(inside.mean()),
        undefined="no row of the slice in the half that it is measured on",
    )  # fmt: skip
    yield replace(m, note="; ".join(filter(None, (m.note, where, rows.note))))
    yield Measurement(metric="slice_n", subject=subject, value=float(inside.sum()), n=int(inside.sum()), note=rows.note)


def _largest(
    found: list[list[Slice]],
    held: Conditions,
    excess: Floats,
    rows: ScoredRows,
    half: NDArray[np.bool_],
    given: Given,
    notes: tuple[str, ...],
) -> Measurement:
    """What the surest slice of each half adds to the mean loss of the other half, averaged."""
    if not all(found):
        why = f"no condition is met by {given.options.min_rows} rows or more"
        return Measurement(metric="largest_excess", subject=subjects.MODEL, value=None, n=rows.n, note=why)
    parts, names = np.zeros(rows.groups + 1), []
    for side, fresh in zip(found, (~half, half), strict=True):
        inside = _inside(side[0], held) & fresh
        over, w = rows.sums(np.where(inside, excess, 0.0), fresh.astype(np.float64)).T
        # a share above a fifth counts as a fifth, so that one limit suits small slices and large
        share = float(divided(rows.weight @ inside, rows.weight @ fresh))
        parts = parts + divided(over, w) / 2 * (FIFTH / share if share > FIFTH else 1.0)
        names.append(_subject(side[0], held))
    m = measured("largest_excess", subjects.MODEL, parts, rows, level=given.options.confidence, folds=HALVES)
    return replace(m, note="; ".join(filter(None, (m.note, *dict.fromkeys(names), *notes))))


CHECK = Check(
    code="PRF202",
    family=Family.PERFORMANCE,
    title="Slice search",
    metrics=("largest_excess", "slice_excess_loss", "slice_n"),
    needs=Needs(roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True),
    measure=searched_slices,
    doc=__doc__,
    plants=(Plant(metric="largest_excess", fault="hidden_slice_excess", null="redrawn_alone", replicates=5),),
    options=Options(),
    slow=True,
)
