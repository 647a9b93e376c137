"""NOI104: how does the model react to input that it cannot know?

How it is measured
------------------
A few hundred test rows are given an unknown level (text), a missing value, an absurd number (a thousand ranges away, both sides) or date
(1700, 2250) and an infinity, one feature at a time; of a boolean only the missing value can come. The reaction is raised, not a number,
wild (the log-odds or the value lies more than six standard deviations of the test scores away, and that of the row as it is does not; a 0
or 1 counts as half of the nearest other probability where the model gives some to rows as they are) or silent. Where the scores spread over
all that a probability can be, none can be wild, and that is listed and not judged. What the project declares as impossible (nullable =
false, levels listed) is information; infinity always is. A feature in which nothing could be changed is listed and not judged; where the
candidate gives every row the same score, nothing is.

Why it matters
--------------
Sooner or later every feed sends something new. An exception stops the service; NaN passes through every comparison as false; a
wild score decides.

What to do
----------
Catch it before the model: reject, impute on purpose, or route to a person. Or train the model to know "unknown".

Sources
-------
Breck et al. (2019), Data validation for machine learning, MLSys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, Role, Task, with_columns
from ..core.errors import ModelError
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.proportions import zero_event_upper_bound
from ..summaries.reactions import Floats, ask, says_nothing, with_column
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
UNKNOWN = "seatrial: a level that never was"
EARLY, LATE = pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01")
TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` that are changed; `wild` in standard deviations of the scores; `far` in ranges of the feature."""

    max_rows: int = 200
    wild: float = 6.0
    far: float = 1000.0


def invalid_input(given: Given) -> Iterator[Measurement]:
    """Share of rows with a broken and with a wild reaction, for every feature and kind of input."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows = sample.thin(given.options.max_rows)
    scores = sample.rows.scores[CANDIDATE].reshape(len(sample.rows), -1)
    scale = scale_of(scores, given.task)
    whole = scale(scores)
    finite = whole[np.isfinite(whole).all(axis=1)]
    if len(finite) < 2 or says_nothing(finite):
        few = "no finite scores to compare with"
        why = few if len(finite) < 2 else "vacuous: the candidate gives every row the same score"
        yield Measurement(metric="broken_reaction", subject="model", value=None, n=len(rows), note=why)
        return
    mean, sd = finite.mean(axis=0), finite.std(axis=0)
    reach = given.options.wild * sd
    before = Before(scale, mean, reach, _within(whole[: len(rows)], mean, reach))
    for name in rows.X:
        for word, X in strange_frames(rows.X, str(name), given.options.far):
            declared = declared_impossible(word, given.constraints.get(str(name), {}))
            subject = subjects.join(subjects.feature(str(name)), subjects.rows(word))
            if word == "null" and rows.X[name].isna().all():
                note = "vacuous: it is missing in every row as it is"
                yield Measurement(
                    metric="broken_reaction", subject=subject, value=None, n=len(rows), size=0.0, note=note
                )
                continue
            yield from _reaction(given, X, subject, before, judged=not declared and word != "infinity")


def declared_impossible(word: str, constraint: object) -> bool:
    """Whether the project says that such input cannot come."""
    held = constraint if isinstance(constraint, dict) else {}
    return (word == "null" and held.get("nullable") is False) or (word == "unknown_level" and "levels" in held)


@dataclass(frozen=True, slots=True)
class Before:
    """Scores of rows as they are: the open scale they are put on, their mean and what lies within reach; `usual` rows do."""

    scale: Callable[[Floats], Floats]
    mean: Floats
    reach: Floats
    usual: NDArray[np.bool_]

    @property
    def covers(self) -> bool:
        """Whether every probability that there is lies within reach."""
        ends = np.array([TINY, 1 - TINY])[:, None] * np.ones(len(self.mean))
        return bool(_within(self.scale(ends), self.mean, self.reach).all())


def scale_of(usual: Floats, task: Task) -> Callable[[Floats], Floats]:
    """What puts scores on an open scale: log-odds of probabilities, values as they are."""
    inside = usual[(usual > 0) & (usual < 1)]
    low = inside.min() / 2 if len(inside) and (usual == 0).any() else TINY
    high = (1 + inside.max()) / 2 if len(inside) and (usual == 1).any() else 1 - TINY

    def log_odds(scores: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            q = np.clip(np.where(scores <= 0, low, np.where(scores >= 1, high, scores)), TINY, 1 - TINY)
            return np.asarray(np.log(q / (1 - q)))

    return (lambda scores: scores) if task.type == "regression" else log_odds


def strange_frames(X: pd.DataFrame, name: str, far: float) -> Iterator[tuple[str, pd.DataFrame]]:
    """The frame with one feature turned into what the model cannot know."""
    column, n = X[name], len(X)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.infer_dtype(column) == "boolean":
        # as files hold it: to an encoder of true, false and None a float is of another kind, and it raises
        yield "null", with_columns(X, {name: np.full(n, None, object)})
        return
    if pd.api.types.is_datetime64_any_dtype(column):
        for word, at in (("null", pd.NaT), ("absurdly_high", LATE), ("absurdly_low", EARLY)):
            times = pd.DatetimeIndex([at] * n).tz_localize(column.dt.tz)
            yield word, with_columns(X, {name: pd.Series(times, index=X.index).astype(column.dtype)})
        return
    if not pd.api.types.is_numeric_dtype(column):
        listed = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else None
        for word, value in (("unknown_level", UNKNOWN), ("null", None)):
            dtype = object if listed is None else pd.CategoricalDtype([*listed, *([value] if value else [])])
            yield word, with_columns(X, {name: pd.Series([value] * n, index=X.index, dtype=dtype)})
        return
    v = column.to_numpy(np.float64, na_value=np.nan)
    known = v[np.isfinite(v)]
    if not len(known):
        return
    width = float(np.ptp(known)) or max(abs(float(known[0])), 1.0)
    yield "null", with_column(X, name, np.full(len(X), np.nan))
    yield "absurdly_high", with_column(X, name, np.full(len(X), float(known.max()) + far * width))
    yield "absurdly_low", with_column(X, name, np.full(len(X), float(known.min()) - far * width))
    yield "infinity", with_column(X, name, np.full(len(X), np.inf))


def _within(scores: Floats, mean: Floats, reach: Floats) -> NDArray[np.bool_]:
    """Rows whose scores all lie within the reach; one that is not a number lies nowhere else."""
    with np.errstate(invalid="ignore"):
        return np.asarray(~(np.abs(scores - mean) > reach).any(axis=1) | ~np.isfinite(scores).all(axis=1))


def _reaction(given: Given, X: pd.DataFrame, subject: str, before: Before, *, judged: bool) -> Iterator[Measurement]:
    n = len(X)
    prefix = "" if judged else "declared_"
    try:
        scores = ask(given.models[CANDIDATE], X)
    except ModelError as error:
        yield Measurement(
            metric=f"{prefix}broken_reaction", subject=subject, value=1.0, n=n, note=f"raised: {str(error)[:200]}"
        )
        return
    nan = float((~np.isfinite(scores)).any(axis=1).mean())
    note = f"{nan:.1%} of scores are not a number" if nan else "silently scored"
    bound = zero_event_upper_bound(n)
    yield Measurement(
        metric=f"{prefix}broken_reaction",
        subject=subject,
        value=nan,
        high=None if nan else bound,
        level=None if nan else 0.95,
        n=n,
        note=note,
    )
    if given.task.type != "regression" and before.covers:
        note = "vacuous: the scores as they are spread over all that a probability can be, so none is far from them"
        yield Measurement(metric=f"{prefix}wild_reaction", subject=subject, value=None, n=n, size=0.0, note=note)
        return
    share = float((before.usual & ~_within(before.scale(scores), before.mean, before.reach)).mean())
    note = f"{share:.1%} of scores beyond {given.options.wild:g} standard deviations" if share else "none wild"
    yield Measurement(
        metric=f"{prefix}wild_reaction",
        subject=subject,
        value=share,
        high=None if share else bound,
        level=None if share else 0.95,
        n=n,
        note=note,
    )


CHECK = Check(
    code="NOI104",
    family=Family.NOISE,
    title="Reaction to invalid input",
    metrics=("broken_reaction", "wild_reaction", "declared_broken_reaction", "declared_wild_reaction"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=invalid_input,
    doc=__doc__,
    plants=tuple(
        Plant(metric=metric, fault=fault, null="steady", replicates=2, rows=200)
        for metric, fault in (("wild_reaction", "wild_answer"), ("broken_reaction", "broken_answer"))
    ),
    options=Options(),
)
