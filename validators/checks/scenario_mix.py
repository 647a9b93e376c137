"""STR106: how good is the model if the mix of the rows becomes what the project names?

How it is measured
------------------
Every scenario file with [[target]] tables asks for other shares of some rows, or other means of features. The test rows (at most
20,000, by key hash) get the weights that reach all targets of the file and are otherwise nearest to those they have (exponential
tilting, least Kullback-Leibler divergence). `quality_lost` is the AUC (of several classes its mean over those in at least 8 groups of
dependent rows; R2 / 2 in regression) as it is minus that under the scenario;
`mean_score_change` and `decision_share_change` say what happens to scores and decisions. Intervals by the delete-a-group jackknife,
tilted anew each time, simultaneous over the scenarios. Where the weights leave fewer than 100 effective rows, or no weights reach
the targets, nothing is said; nor where a scenario is vacuous: a multiple of the share of rows that are not there, or targets that the
rows meet as they are.

Why it matters
--------------
In bad times the same kinds of people come in other proportions. A model that ranks well in today's mix can fail in the mix that it
will be needed for; the rows to see that are there, they only weigh too little.

What to do
----------
Look at the slices that gain weight (see PRF201): the model is weak in one of them. Collect more rows of that kind, or limit the use.

Sources
-------
Csiszár (1975), Annals of Probability 3, 146-158, on least-divergence weights; Kish (1965), Survey Sampling, for the effective rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs
from ..core.scenarios import Scenario
from ..stats.interval import simultaneous_level
from ..stats.tilting import effective_rows
from ..summaries.cells import measured
from ..summaries.goodness import classes_of
from ..summaries.reactions import decisions, quality_of
from ..summaries.row_sample import RowSample, RowSampleKind, take
from ..summaries.scored_rows import Floats, ScoredRows, scored_rows
from ..summaries.shocks import aims, moments_of, table_of, tilted

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`least_effective` rows under the weights; `confidence` of all scenarios together."""

    least_effective: float = 100.0
    confidence: float = 0.95


def scenario_mix(given: Given) -> Iterator[Measurement]:
    """Quality, scores and decisions under every other mix of the rows."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, held = scored_rows(sample, given.grid, (CANDIDATE,)), {n: s for n, s in given.scenarios.items() if s.targets}
    level = simultaneous_level(given.options.confidence, len(held))
    table = table_of(take(sample.rows, rows.where))
    for name, scenario in held.items():
        moments = moments_of(table, scenario.targets)
        yield from _scenario(given, rows, name, scenario, moments, level)


def _scenario(
    given: Given, rows: ScoredRows, name: str, scenario: Scenario, moments: Floats, level: float
) -> Iterator[Measurement]:
    subject = subjects.rows(name)
    words = "; ".join(filter(None, (scenario.title, ", ".join(t.text for t in scenario.targets), rows.note)))
    why, weights, wanted = "no row with an outcome and a score", None, np.zeros(0)
    if rows.n and rows.weight.sum() > 0:
        wanted = aims(scenario.targets, np.average(moments, axis=0, weights=rows.weight))
        weights = tilted(moments, wanted, rows.weight)
        why = f"no weights of these rows reach the targets; {words}"
    size = 0.0 if weights is None else effective_rows(weights)
    if weights is not None and size < given.options.least_effective:
        why = f"{size:,.0f} effective rows under the weights; it takes {given.options.least_effective:.0f}; {words}"
        weights = None
    vacuous = _vacuous(scenario, moments, rows.weight, weights) if len(wanted) else ""
    if vacuous:
        why, weights = f"vacuous: {vacuous}; {words}", None
    if weights is None:
        yield Measurement(metric="quality_lost", subject=subject, value=None, n=rows.n, note=why)
        return
    score = rows.scores[CANDIDATE]
    positive = decisions(score, given.task).astype(np.float64)
    classes = classes_of(rows.y, rows.group, score.shape[1])

    def statistic(weight: Floats) -> Floats:
        other = tilted(moments, wanted, weight)
        if other is None:
            return np.full(4, np.nan)
        before, after = (quality_of(rows.y, score, w, given.task, classes) for w in (weight, other))
        shift = [np.average(v, weights=other) - np.average(v, weights=weight) for v in (score[:, 0], positive)]
        return np.array([before - after, after, *shift])

    values = rows.refitted(statistic)
    under = replace(rows, weight=weights)
    metrics = ["quality_lost", "quality_under"]
    metrics += ["mean_score_change"] if given.task.type != "multiclass" else []
    metrics += ["decision_share_change"] if given.task.type == "binary" else []
    place = {"quality_lost": 0, "quality_under": 1, "mean_score_change": 2, "decision_share_change": 3}
    for metric in metrics:
        m = measured(metric, subject, values[:, place[metric]], under, level=level, size=size)
        yield replace(m, note="; ".join(filter(None, (m.note, words, f"{size:,.0f} effective rows"))))


def _vacuous(scenario: Scenario, moments: Floats, before: Floats, after: Floats | None) -> str:
    """Why a scenario asks for nothing; empty where it asks for something."""
    for target, there in zip(scenario.targets, (moments[before > 0] != 0).any(axis=0), strict=True):
        if target.relative and target.where is not None and not there:
            return f"there is no row for: {target.text}"
    same = after is not None and np.allclose(after, before, rtol=1e-6)
    return "the rows meet the targets as they are" if same else ""


CHECK = Check(
    code="STR106",
    family=Family.STRESS,
    title="Scenarios: another mix of rows",
    metrics=("quality_lost", "quality_under", "mean_score_change", "decision_share_change"),
    needs=Needs(
        roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), outcomes=True, declared=("scenarios_of_mix",)
    ),
    measure=scenario_mix,
    doc=__doc__,
    unplanted=(
        "what a mix loses hangs on which rows a fault sits in, and the scenario's own file decides which rows count"
    ),
    options=Options(),
)
