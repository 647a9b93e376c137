"""NOI102: is there one feature whose smallest change moves the score?

How it is measured
------------------
One numeric feature at a time gets noise of 0.01 and 0.1 standard deviations on the scale of its normal scores, so that only values
that occur come out. RMS change of the score over the score's standard deviation; candidate minus prior with the same draws, since
features that matter move every model; on the rows that both score, as they are and under the noise. Without a prior, or with one that
says nothing (it raises, gives every row the same score, or fewer than half of them any), it is the change itself, which has a limit of
its own. And the ratio of the change at 0.01 to that at 0.1: a tenth
for a smooth model, a third for a stepped one, near one for a ripple that is invisible on average. Intervals by the jackknife, for all
features together. A feature of which less than 1 % of the values changed is listed and not judged; where the candidate gives every row
the same score, nothing is. Rows that have no usable score as they are are left out; where the candidate gives more than 1 % of all none,
nothing is judged.

Why it matters
--------------
A model can lean on the exact value of a feature, a fitted artefact that any re-measurement breaks, and show no sign of it in any
average.

What to do
----------
Plot the score against the feature. Bin or smooth it, or constrain the model to be monotone in it.

Sources
-------
Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, SIAM.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.errors import ModelError
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import simultaneous_level
from ..stats.perturb import quantile_noise
from ..summaries.cells import divided
from ..summaries.reactions import Base, ask, base_of, base_where_scored, estimated, rms_parts, says_nothing, with_column
from ..summaries.row_sample import RowSample, RowSampleKind, take

SAMPLE = RowSampleKind()
Floats = NDArray[np.float64]
BOTH = "candidate where the prior has a score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`small` and `large` noise in standard deviations; `draws`; `max_rows` of test by key hash, fewer (200 at least) where the features
    would ask a model for more than `max_asked` scores; `telling`: least change at the small noise for which a ratio is formed;
    `most_unscored`, the share of the rows that may be left out for want of a usable score of the candidate; `most_unpaired`, of the prior.
    """

    small: float = 0.01
    large: float = 0.1
    draws: int = 2
    max_rows: int = 2500
    max_asked: int = 300_000
    telling: float = 0.1
    least_changed: float = 0.01
    most_unscored: float = 0.01
    most_unpaired: float = 0.5
    confidence: float = 0.95


def feature_noise(given: Given) -> Iterator[Measurement]:
    """Change of the score under noise in single features."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    affordable = given.options.max_asked // (2 * given.options.draws * max(len(given.grid.features), 1))
    rows = sample.thin(max(min(given.options.max_rows, affordable), 200))
    models = [m for m in (CANDIDATE, PRIOR) if m in given.models and m in rows.scores]
    numeric = [
        str(c) for c in rows.X if pd.api.types.is_numeric_dtype(rows.X[c]) and not pd.api.types.is_bool_dtype(rows.X[c])
    ]
    numeric = [c for c in numeric if rows.X[c].nunique() > 2]
    if not numeric or len(rows) < 2:
        word = "no numeric feature with more than two values"
        yield Measurement(metric="excess_rms", subject="model", value=None, n=len(rows), note=word)
        return
    options = given.options
    base, note = base_where_scored(
        rows, given.task, models, most=options.most_unscored, of_others=options.most_unpaired
    )
    if base is None or says_nothing(base.scores[CANDIDATE]):
        word = note if base is None else "vacuous: the candidate gives every row the same score"
        yield Measurement(metric="excess_rms", subject="model", value=None, n=len(rows), note=word)
        return
    models, rows = list(base.scores), base.rows
    if PRIOR in models and says_nothing(base.scores[PRIOR]):
        models, note = [CANDIDATE], "; ".join(filter(None, (note, "the prior gives every row the same score")))
        base = base_of(rows, given.task, models)
    level = simultaneous_level(given.options.confidence, 2 * len(numeric))
    for name in numeric:
        asked: dict[tuple[str, float], list[Floats]] = {}
        values = rows.X[name].to_numpy(np.float64, na_value=np.nan)
        z, u = (
            given.rng.standard_normal((given.options.draws, len(rows))),
            given.rng.random((given.options.draws, len(rows))),
        )
        moved = {}
        for size in (given.options.small, given.options.large):
            noisy = [quantile_noise(values, size, a, b) for a, b in zip(z, u, strict=True)]
            moved[size] = float(
                np.mean([(~np.isclose(values, v, rtol=1e-12, atol=0, equal_nan=True)).mean() for v in noisy])
            )
            X = pd.concat([with_column(rows.X, name, v) for v in noisy], ignore_index=True)
            for model in models:
                try:
                    asked[model, size] = np.split(ask(given.models[model], X), len(noisy))
                except ModelError:
                    if model == CANDIDATE:
                        raise
        found, both = _changes(base, asked, options)
        yield from _judged(name, found, moved, given, (len(rows), both), level, note)


def _changes(
    base: Base, asked: dict[tuple[str, float], list[Floats]], options: Options
) -> tuple[dict[tuple[str, float], Floats | None], int]:
    """RMS change by model and size, None where undefined; of both models on the rows that the prior scores in every draw, and how many."""
    sizes = options.small, options.large
    found: dict[tuple[str, float], Floats | None] = {}
    for size in sizes:
        scores = asked[CANDIDATE, size]
        found[CANDIDATE, size] = _rms(base, CANDIDATE, scores) if all(np.isfinite(s).all() for s in scores) else None
    if not all((PRIOR, size) in asked for size in sizes):
        return found | ({(PRIOR, size): None for size in sizes} if PRIOR in base.scores else {}), 0
    there = np.logical_and.reduce([np.isfinite(s).all(axis=1) for size in sizes for s in asked[PRIOR, size]])
    if there.mean() < 1 - options.most_unpaired or not base.weight[there].any():
        return found | {(PRIOR, size): None for size in sizes}, 0
    some = base_of(take(base.rows, np.flatnonzero(there)), base.task, list(base.scores))
    for size in sizes:
        found[PRIOR, size] = _rms(some, PRIOR, [s[there] for s in asked[PRIOR, size]])
        if found[CANDIDATE, size] is not None:
            found[BOTH, size] = _rms(some, CANDIDATE, [s[there] for s in asked[CANDIDATE, size]])
    return found, int(there.sum())


def _rms(base: Base, model: str, changed: list[Floats]) -> Floats:
    """Root mean square change over the score's standard deviation, draws pooled; NaN where that is none."""
    parts = [rms_parts(base, model, s) for s in changed]
    return np.asarray(np.sqrt(divided(np.mean([p[0] for p in parts], axis=0), parts[0][1])))


def _judged(
    name: str,
    found: dict[tuple[str, float], Floats | None],
    moved: dict[float, float],
    given: Given,
    rows: tuple[int, int],
    level: float,
    note: str,
) -> Iterator[Measurement]:
    options, sizes, (n, both) = given.options, (given.options.small, given.options.large), rows
    paired = all(found.get((PRIOR, size)) is not None for size in sizes)
    if (PRIOR, options.small) in found and both < n:
        less = f"the prior scores {both:,} of {n:,} rows" if paired else "the prior gives no usable score"
        note = "; ".join(filter(None, (note, f"{less} under this noise")))
    metric = "excess_rms" if paired else "rms_change"
    if max(moved.values()) < options.least_changed:
        why = f"vacuous: only {max(moved.values()):.2%} of its values changed"
        yield Measurement(metric=metric, subject=subjects.feature(name), value=None, n=n, size=0.0, note=why)
        return
    for size in sizes:
        own = found[CANDIDATE, size]
        subject = subjects.join(subjects.feature(name), subjects.rows(f"quantile_{size:g}"))
        if own is None:
            yield Measurement(metric=metric, subject=subject, value=None, n=n, note="scores are not finite under noise")
            continue
        if moved[size] < options.least_changed:
            # a feature with few values does not feel noise this small; the larger one judges it
            continue
        mine, other = (found[BOTH, size], found[PRIOR, size]) if paired else (own, None)
        words = f"{moved[size]:.0%} of values changed; candidate {own[0]:.3f}"
        if mine is None or other is None:
            yield estimated(metric, subject, own, n, level, "; ".join(filter(None, (words, note))))
            continue
        words = "; ".join(filter(None, (f"{words}, prior {other[0]:.3f}", note)))
        yield estimated(metric, subject, mine - other, both, level, words)
        yield estimated("feature_rms_change", subject, own, n, options.confidence, words)
    small, large = found[CANDIDATE, options.small], found[CANDIDATE, options.large]
    if small is None or large is None or small[0] < options.telling or moved[options.small] < options.least_changed:
        return
    words = f"RMS change {small[0]:.3f} at {options.small:g} sd, {large[0]:.3f} at {options.large:g} sd"
    yield estimated("ripple_ratio", subjects.feature(name), divided(small, large), n, level, words)


CHECK = Check(
    code="NOI102",
    family=Family.NOISE,
    title="Noise on one feature",
    metrics=("excess_rms", "rms_change", "feature_rms_change", "ripple_ratio"),
    needs=Needs(roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True),
    measure=feature_noise,
    doc=__doc__,
    plants=tuple(
        Plant(metric=metric, fault="touchy_feature", null="steady", replicates=5, rows=600, options={"draws": 1})
        for metric in ("excess_rms", "rms_change")
    ),
    options=Options(),
)
