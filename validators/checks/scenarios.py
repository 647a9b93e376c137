"""STR101: what does the model say in the bad times that the project names?

How it is measured
------------------
Every scenario file with [[change]] tables changes the features of the test rows (at most 8,000, by key hash) jointly: multiplied,
added to, set, clipped, or mapped to other quantiles, in all rows or in those of a filter; whole numbers stay whole. `changed_share`
is the share of rows that really differ; where less than one row in a hundred does, the scenario is vacuous and nothing is said of
it. Candidate and prior are asked about the same changed rows. `mean_score_change` (probability, or value in regression),
`decision_share_change` (share of rows called positive, binary) and `flip_rate` have jackknife intervals, simultaneous over the
scenarios. Outcomes under a changed world are not known, so no metric of quality is given here (see STR106 for another mix of rows).

Why it matters
--------------
What is checked row by row can still drift as a whole: a recession moves income, utilisation and delinquencies together, and the
share that is refused with them. Whoever owns the risk names the times; the model has to answer before they come.

What to do
----------
Ask whether direction and size are plausible. A score that does not move though the world did, or jumps where the features moved a
little, needs an explanation or a limit in operation.

Sources
-------
Breuer, Jandačka, Rheinberger & Summer (2009), International Journal of Central Banking 5(3), 205-224: plausible, severe, useful.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, PRIOR, Role
from ..core.errors import ModelError
from ..core.records import Check, Family, Given, Measurement, Needs
from ..core.scenarios import Scenario
from ..stats.interval import simultaneous_level
from ..stats.jackknife import jackknife_interval
from ..summaries.reactions import Base, Floats, ask, base_of, decisions, flip_parts, mean_parts
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.shocks import shocked

SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`max_rows` of test, by key hash; `least_changed` share of the rows below which a scenario is vacuous; `confidence` of all
    scenarios together.
    """

    max_rows: int = 8000
    least_changed: float = 0.01
    confidence: float = 0.95


def scenarios(given: Given) -> Iterator[Measurement]:
    """Scores and decisions under every scenario of changed features."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, held = sample.thin(given.options.max_rows), {n: s for n, s in given.scenarios.items() if s.changes}
    models = [m for m in (CANDIDATE, PRIOR) if m in given.models and m in rows.scores]
    base = base_of(rows, given.task, models)
    level = simultaneous_level(given.options.confidence, len(held))
    note = "" if len(rows) == sample.total else f"on {len(rows):,} of {sample.total:,} rows by key hash"
    for name, scenario in held.items():
        yield from _scenario(given, base, name, scenario, level, note)


def _scenario(
    given: Given, base: Base, name: str, scenario: Scenario, level: float, note: str
) -> Iterator[Measurement]:
    X, differs = shocked(base.rows, scenario)
    n, subject = len(X), subjects.rows(name)
    share = float(differs.mean()) if n else 0.0
    words = "; ".join(filter(None, (scenario.title, note)))
    yield Measurement(
        metric="changed_share",
        subject=subject,
        value=share if n else None,
        method="count",
        n=n,
        n_eff=float(n),
        note=words or "no rows",
    )
    if share < given.options.least_changed:
        why = f"vacuous: {share:.2%} of the rows changed; {words}"
        yield Measurement(metric="mean_score_change", subject=subject, value=None, n=n, note=why)
        return
    for model in base.scores:
        place = subject if model == CANDIDATE else subjects.join(subject, subjects.rows(PRIOR))
        try:
            scores = ask(given.models[model], X)
        except ModelError as error:
            why = f"raised: {str(error)[:200]}"
            yield Measurement(metric="mean_score_change", subject=place, value=None, n=n, note=why)
            continue
        broken = int((~np.isfinite(scores)).any(axis=1).sum())
        if broken:
            why = f"{broken} of {n} scores are not finite"
            yield Measurement(metric="mean_score_change", subject=place, value=None, n=n, note=why)
            continue
        told = "; ".join(filter(None, (words, f"{share:.0%} of the rows changed")))
        for metric, values in _figures(given, base, model, scores).items():
            yield _with_interval(metric, place, values, n, level, told)


def _figures(given: Given, base: Base, model: str, scores: Floats) -> dict[str, Floats]:
    before = base.scores[model]
    found = {}
    if given.task.type != "multiclass":
        found["mean_score_change"] = mean_parts(base, scores[:, 0] - before[:, 0])
    if given.task.type == "binary":
        moved = decisions(scores, given.task) - decisions(before, given.task)
        found["decision_share_change"] = mean_parts(base, moved.astype(np.float64))
    if given.task.type != "regression":
        found["flip_rate"] = flip_parts(base, model, scores)
    return found


def _with_interval(metric: str, subject: str, values: Floats, n: int, level: float, note: str) -> Measurement:
    ends = jackknife_interval(float(values[0]), values[1:], confidence=level)
    if ends is None:
        return Measurement(metric=metric, subject=subject, value=None, n=n, note="fewer than 8 groups of rows")
    return Measurement(
        metric=metric, subject=subject, value=float(values[0]), low=ends.low, high=ends.high, level=level,
        method=f"jackknife over {len(values) - 1} groups", n=n, n_eff=float(n), note=note,
    )  # fmt: skip


CHECK = Check(
    code="STR101",
    family=Family.STRESS,
    title="Scenarios: changed features",
    metrics=("changed_share", "mean_score_change", "decision_share_change", "flip_rate"),
    needs=Needs(
        roles=(Role.TEST,), summaries=(SAMPLE,), models=(CANDIDATE,), calls=True, declared=("scenarios_of_changes",)
    ),
    measure=scenarios,
    doc=__doc__,
    options=Options(),
)
