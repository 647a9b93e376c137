"""IMP101: does the candidate lean on other features than the prior?

How it is measured
------------------
Shapley values of the same test rows under both models, features missing from a coalition taken from other test rows: of the log-odds
of the score (binary, multiclass) or of the value. Exact where both models are trees that add up on that scale (scikit-learn, XGBoost,
LightGBM, numeric splits) and give the models' own scores on mixed rows; else sampled for both, by asking the models themselves, with
the same permutations and background rows; the note says which. The importance of a group of features is its mean absolute
attribution; its share is that over the sum. Features that stand in for each other (absolute rank correlation above 0.7, or its
equivalent in information where text is involved) are one group: how a refit splits weight between twins is chance. A change counts
only beyond the noise floor, the most that five bootstrap refits of our own boosting on train move the same share by; what does not
reach it, an end of the interval too, is taken as 0. Intervals by the delete-a-group jackknife, for all groups together. As
information: the top-weighted overlap of the two rankings (rank-biased, p = .9) beside what the prior's ranking has with itself on
resampled rows and what refits have with each other; features that only one of the models uses.

Why it matters
--------------
Two models can score alike on average and for other reasons. A reason that changed is a reason to ask, before a customer or a
supervisor does.

What to do
----------
Name the cause: new data, a new feature, an engineering fault. If nobody can, compare the training data of the two versions.

Sources
-------
Lundberg & Lee (2017), A unified approach to interpreting model predictions, NeurIPS; Castro, Gomez & Tejada (2009), Computers &
Operations Research 36, 1726-1730; Webber, Moffat & Zobel (2010), ACM TOIS 28(4), 20; Lundberg et al. (2020), From local
explanations to global understanding with explainable AI for trees, Nature Machine Intelligence 2, 56-67.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.attributions import Attributions
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..stats.interval import folded, quantile, simultaneous_level
from ..stats.jackknife import MIN_GROUPS, jackknife_interval, jackknife_variance
from ..stats.paired import rank_biased_overlap
from ..summaries.refits import refit_shares
from ..summaries.row_sample import RowSampleKind

SAMPLE = RowSampleKind()
GROUPS = 50
SHARES = ("share_candidate", "share_prior")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`refits` of our own learner for the noise floor, 0 leaves it out; `resamples` of the rows for the floor of the rankings."""

    refits: int = 5
    resamples: int = 200
    confidence: float = 0.95


def importance_shift(given: Given) -> Iterator[Measurement]:
    """Change of the share of every group, and the shares themselves."""
    held = given.attributions
    if held is None:
        yield Measurement(
            metric="share_shift",
            subject="model",
            value=None,
            n=0,
            note="no attributions: the test rows were not scored",
        )
        return
    n = len(held.unit)
    single = [(f,) for f in held.features]
    for model, word in ((CANDIDATE, "share_candidate"), (PRIOR, "share_prior")) if given.asks(*SHARES) else ():
        yield from _shown(word, held, model, single, n, given.options.confidence)
    before, now = replicate_shares(held, PRIOR, held.groups), replicate_shares(held, CANDIDATE, held.groups)
    if before is None or now is None or len(now) - 1 < MIN_GROUPS:
        constant = PRIOR if before is None else CANDIDATE if now is None else ""
        note = f"the {constant} gives every row the same score: nothing is attributed"
        if not constant:
            note = f"fewer than {MIN_GROUPS} groups of dependent rows"
        elif not held.weight.any():
            note = "no row has weight"
        yield Measurement(metric="share_shift", subject="model", value=None, n=n, note=note)
        return
    refits = _refits(given, held.groups)
    floor = np.zeros(len(held.groups)) if refits is None else np.abs(refits[1:] - refits[0]).max(axis=0)
    floor_note = (
        "no train data, so the noise floor is not known and taken as"
        if refits is None
        else f"{len(refits) - 1} refits of our own learner move it by up to"
    )
    level = simultaneous_level(given.options.confidence, len(held.groups))
    for g, members in enumerate(held.groups):
        change = now[:, g] - before[:, g]
        found = jackknife_interval(float(change[0]), change[1:], confidence=level)
        if found is None:
            continue
        size, limits = abs(float(change[0])), folded(found)
        note = f"{before[0, g]:.1%} before, {now[0, g]:.1%} now; {floor_note} {floor[g]:.1%}"
        value, low, high = (float(x) if x > floor[g] else 0.0 for x in (size, limits.low, limits.high))
        yield Measurement(
            metric="share_shift", subject=subjects.features(members), value=value, low=low, high=high,
            level=level, method=f"paired jackknife over {len(change) - 1} groups", n=n, n_eff=float(n), note=note,
        )  # fmt: skip
    if given.asks("rank_overlap", "rank_overlap_floor"):
        yield from _rankings(before, now, refits, held, given)
    yield from _used(held, n)


def replicate_shares(held: Attributions, model: str, members: Sequence[Sequence[str]]) -> Floats | None:
    """(1 + groups, members) shares on all rows and without each group of dependent rows; None for a constant model."""
    group = held.unit % np.uint64(GROUPS)
    present = np.unique(group)
    sizes = [held.sizes(model, members), *(held.sizes(model, members, group != k) for k in present)]
    table = np.array(sizes)
    total = table.sum(axis=1, keepdims=True)
    return np.asarray(table / total) if (total > 0).all() else None


def _shown(
    metric: str, held: Attributions, model: str, single: list[tuple[str]], n: int, confidence: float
) -> Iterator[Measurement]:
    """Share of every feature; its rank is given as the range that the intervals allow, for ranks of near ties mean nothing."""
    shares = replicate_shares(held, model, single)
    if shares is None or len(shares) - 1 < MIN_GROUPS:
        return
    se = np.sqrt(jackknife_variance(shares[1:]))
    half = quantile(confidence, len(shares) - 2) * se
    low, high = np.maximum(shares[0] - half, 0.0), np.minimum(shares[0] + half, 1.0)
    for j, (name,) in enumerate(single):
        best = 1 + int((low > high[j]).sum())
        last = len(single) - int((high < low[j]).sum())
        rank = f"rank {best}" if best == last else f"rank {best} to {last}"
        yield Measurement(
            metric=metric, subject=subjects.feature(name), value=float(shares[0, j]), low=float(low[j]), high=float(high[j]),
            level=confidence, method=f"jackknife over {len(shares) - 1} groups", n=n, n_eff=float(n), note=rank,
        )  # fmt: skip


def _refits(given: Given, groups: Sequence[Sequence[str]]) -> Floats | None:
    if not given.options.refits or not given.has(Role.TRAIN, SAMPLE):
        return None
    return refit_shares(
        given.summary(Role.TRAIN, SAMPLE).rows, given.summary(Role.TEST, SAMPLE).rows, given.task, given.grid, groups,
        refits=given.options.refits, rng=given.rng,
    )  # fmt: skip


def _rankings(
    before: Floats, now: Floats, refits: Floats | None, held: Attributions, given: Given
) -> Iterator[Measurement]:
    """Agreement of the two rankings of the groups, and how little of it chance alone leaves."""
    n = len(held.unit)
    note = f"top-weighted agreement of the two rankings; {held.method}; largest additivity error {held.residual:.1e}"
    yield Measurement(metric="rank_overlap", subject="model", value=overlap(before[0], now[0]), n=n, note=note)
    drawn = np.sort([overlap(before[0], s) for s in resampled_shares(held, PRIOR, given.options.resamples, given.rng)])
    floors = [
        (
            "rows:resamples",
            float(np.quantile(drawn, 0.01)),
            "1 % quantile of the prior against itself on resampled rows",
        )
    ]
    if refits is not None:
        least = min(overlap(refits[0], s) for s in refits[1:])
        floors.append(("rows:refits", least, f"least of {len(refits) - 1} bootstrap refits of our own learner"))
    for rows, value, words in floors:
        yield Measurement(
            metric="rank_overlap_floor", subject=subjects.join("model", rows), value=value, n=n, note=words
        )


def overlap(a: Floats, b: Floats) -> float:
    """Rank-biased overlap (p = .9) of the rankings of the same groups by two sets of shares."""
    first, second = ([str(k) for k in np.argsort(-shares, kind="stable")] for shares in (a, b))
    return rank_biased_overlap(first, second)


def resampled_shares(held: Attributions, model: str, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, groups) shares of one model when groups of dependent rows are drawn with replacement."""
    _, place = np.unique(held.unit % np.uint64(GROUPS), return_inverse=True)
    inside = [i for k in range(int(place.max()) + 1) if held.weight[i := place == k].sum() > 0]
    weight = np.array([held.weight[i].sum() for i in inside], np.float64)
    sizes = np.array([held.sizes(model, held.groups, i) for i in inside]) * weight[:, None]
    drawn = rng.multinomial(len(inside), np.full(len(inside), 1 / len(inside)), size=draws) @ sizes
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _used(held: Attributions, n: int) -> Iterator[Measurement]:
    """Features whose value never moves the score of one of the models."""
    mine, its = held.shares(CANDIDATE), held.shares(PRIOR)
    for metric, here, there in (("new_features", mine, its), ("vanished_features", its, mine)):
        names = [f for f in held.features if here[f] > 0 and there[f] == 0]
        listed = ", ".join(f"{f} ({here[f]:.1%})" for f in names) or "none"
        yield Measurement(
            metric=metric,
            subject="model",
            value=float(len(names)),
            n=n,
            note=f"on these rows, with their shares: {listed}",
        )


CHECK = Check(
    code="IMP101",
    family=Family.IMPORTANCE,
    title="Importance shift",
    metrics=(
        "share_shift", "share_candidate", "share_prior", "rank_overlap", "rank_overlap_floor", "new_features", "vanished_features",
    ),
    needs=Needs(
        roles=(Role.TEST,), optional=(Role.TRAIN,), summaries=(SAMPLE,), models=(CANDIDATE, PRIOR), attributions=True
    ),
    measure=importance_shift,
    doc=__doc__,
    plants=(
        Plant(metric="share_shift", fault="share_moved", null="reasons_swapped", replicates=10, options={"refits": 0}),
    ),
    options=Options(),
    slow=True,
)  # fmt: skip
