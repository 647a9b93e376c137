"""NOI103: what does the score do when a feature fails in one of the usual ways?

How it is measured
------------------
One feature at a time: missing in 10 % of the rows, 10 % of the rows with another row's value, rounded to two digits, at the ends of
its range, times 10, times 1000, with the sign turned, zero. For every failure the RMS change of the score over its standard
deviation and the share of flipped decisions, each with a jackknife interval of its own (where no decision flips, up to what these
rows do not exclude). Information, not judged: a model must react to a feature that matters.

Why it matters
--------------
These are the failures that feeds have. Knowing beforehand which of them would go unnoticed in the scores, and which would turn
decisions, says where monitoring must stand.

What to do
----------
Put a contract on the features at the top of this list: range, unit, missing rate.

Sources
-------
Breck et al. (2017), The ML test score, IEEE Big Data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role, with_columns
from ..core.errors import ModelError
from ..core.models import Model
from ..core.records import Check, Family, Given, Measurement, Needs
from ..stats.proportions import zero_event_upper_bound
from ..summaries.reactions import Floats, ask, base_of, estimated, flip_parts, rms_parts, with_column
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
WAYS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`share` of the rows hit by missing and resampled values; `confidence` of each interval; `max_rows` of test by key hash, fewer
    (200 at least) where the features would ask for more than about `max_asked` scores.
    """

    share: float = 0.1
    max_rows: int = 1000
    max_asked: int = 150_000
    confidence: float = 0.95


def failures(given: Given) -> Iterator[Measurement]:
    """Reaction of the score to the usual failures, feature by feature."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    affordable = given.options.max_asked // (WAYS * max(len(given.grid.features), 1))
    rows = sample.thin(max(min(given.options.max_rows, affordable), 200))
    if len(rows) < 2:
        return
    base = base_of(rows, given.task, [CANDIDATE])
    hit = given.rng.random(len(rows)) < given.options.share
    draws = given.rng.integers(0, len(rows), len(rows))
    for name in rows.X:
        changed = dict(changed_frames(rows.X, str(name), hit, draws))
        for word, scores in _answers(given.models[CANDIDATE], changed, str(name)).items():
            subject = subjects.join(subjects.feature(str(name)), subjects.rows(word))
            if isinstance(scores, ModelError):
                note = str(scores)[:200]
                yield Measurement(metric="failure_rms_change", subject=subject, value=None, n=len(rows), note=note)
                continue
            if not np.isfinite(scores).all():
                note = f"{int((~np.isfinite(scores)).any(axis=1).sum())} scores are missing or infinite"
                yield Measurement(metric="failure_rms_change", subject=subject, value=None, n=len(rows), note=note)
                continue
            square, variance = rms_parts(base, CANDIDATE, scores)
            if (variance > 0).all():
                values = np.sqrt(square / variance)
                yield _at_least_0(estimated("failure_rms_change", subject, values, len(rows), given.options.confidence))
            if given.task.type != "regression":
                flips = flip_parts(base, CANDIDATE, scores)
                yield _at_least_0(estimated("failure_flip_rate", subject, flips, len(rows), given.options.confidence))


def _answers(model: Model, frames: Mapping[str, pd.DataFrame], name: str) -> dict[str, Floats | ModelError]:
    """Scores of every frame, or what the model raised. Frames of one type are asked together, apart only where that raises."""
    found: dict[str, Floats | ModelError] = {}
    for dtype in dict.fromkeys(X[name].dtype for X in frames.values()):
        alike = {word: X for word, X in frames.items() if X[name].dtype == dtype}
        try:
            scores = ask(model, pd.concat(alike.values(), ignore_index=True))
        except ModelError:
            found |= {word: _answer(model, X) for word, X in alike.items()}
        else:
            found |= dict(zip(alike, np.split(scores, len(alike)), strict=True))
    return {word: found[word] for word in frames}


def _answer(model: Model, X: pd.DataFrame) -> Floats | ModelError:
    try:
        return ask(model, X)
    except ModelError as error:
        return error


def _at_least_0(m: Measurement) -> Measurement:
    """An interval that begins at 0 at the earliest; of a change that no row saw, up to what these rows do not exclude."""
    if m.value is None or m.low is None or m.high is None:
        return m
    if m.value == 0 and m.metric == "failure_flip_rate":
        high = zero_event_upper_bound(m.n)
        return replace(m, low=0.0, high=high, method="bound of an unseen event", note=f"none of {m.n:,} rows")
    return replace(m, low=max(m.low, 0.0))


def changed_frames(
    X: pd.DataFrame, name: str, hit: NDArray[np.bool_], draws: NDArray[np.int64]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The frame with one feature changed in each of the usual ways."""
    column = X[name]
    other = column.take(draws)
    other.index = column.index
    yield "resampled", with_columns(X, {name: column.where(~hit, other)})
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not numeric:
        whole = column.astype(object) if pd.api.types.is_bool_dtype(column) else column
        gaps = whole.where(~hit, None) if whole.dtype == object else whole.mask(hit)
        yield "missing", with_columns(X, {name: gaps})
        return
    v = column.to_numpy(np.float64, na_value=np.nan)
    known = v[np.isfinite(v)]
    if not len(known):
        return
    yield "missing", with_column(X, name, np.where(hit, np.nan, v))
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = np.where(v != 0, np.floor(np.log10(np.abs(v))), 0.0)
    scale = 10.0 ** (digits - 1)
    ways = {
        "rounded": np.rint(v / scale) * scale,
        "at_minimum": np.where(np.isnan(v), v, known.min()),
        "at_maximum": np.where(np.isnan(v), v, known.max()),
        "times_10": v * 10,
        "times_1000": v * 1000,
        "sign_turned": -v,
        "zero": np.where(np.isnan(v), v, 0.0),
    }
    for word, values in ways.items():
        if not np.array_equal(values, v, equal_nan=True):
            yield word, with_column(X, name, values)


CHECK = Check(
    code="NOI103",
    family=Family.NOISE,
    title="Usual failures of single features",
    metrics=("failure_rms_change", "failure_flip_rate"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=failures,
    doc=__doc__,
    options=Options(),
    slow=True,
)
