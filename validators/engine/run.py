"""A run: needs, one scan, what is given, results. The only place where any exception becomes a result."""

import logging
import math
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core.attributions import Attributions
from ..core.data import CANDIDATE, ENDPOINT, Grid, Role
from ..core.errors import ModelError
from ..core.models import Model
from ..core.records import Check, Given, Kind, Measurement, Result, Status
from ..summaries.outcomes import OutcomesKind
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.totals import TotalsKind
from .attributions import attribute, shares_before
from .golden import read_golden
from .plan import Plan, roles_of, why_not
from .prior import PriorSummaries
from .profile import build_grid
from .scan import Progress, Scanned, ScanPlan, scan, use_models
from .scoring import Scoring
from .serving import scorable
from .trial import Trial
from .workers import Mapper, serial

log = logging.getLogger("seatrial.run")
SAMPLE = RowSampleKind()
EARLIER = (Role.REFERENCE, Role.TRAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that a run found, before any policy.

    `usage` is what calling each model cost, `attribution_seconds` what explaining the test sample took; equal runs differ in both.
    """

    results: tuple[Result, ...]
    grid: Grid
    summaries: Mapping[tuple[Role, Kind], Any]
    models: Mapping[str, Mapping[str, Any]]
    usage: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    attribution_seconds: float = 0.0


def nothing(_what: str, _share: float) -> None:
    """Progress that nobody watches."""


def measure(
    trial: Trial,
    plan: Plan,
    *,
    mapper: Mapper = serial,
    progress: Progress = nothing,
    prior: PriorSummaries | None = None,
    looks: tuple[str, ...] = (),
    on_result: Callable[[Result], None] = lambda _: None,
) -> Measured:
    """Run a plan.

    Raises
    ------
    SeatrialError
        When the inputs cannot be read or a model cannot be loaded. A model that raises on rows, and a check that raises, are
        results with status ERROR.
    """
    with Scoring(trial) as scoring:
        models = {name: scoring.model(name).description for name in scoring.files}
        use_models(trial, scoring)
        refusal = ""
        progress("reading", 0.0)
        try:
            grid = build_grid(trial, scoring.scores)
        except ModelError as error:
            refusal = str(error)
            grid = build_grid(trial, lambda _: {})
        if prior is not None:
            grid = prior.grid_for(grid)
        reasons = {c.code: why_not(c, trial) or plan.unasked(c) for c in plan.checks}
        wanted = [c for c in plan.checks if reasons[c.code] is None]
        scan_plan = _scan_plan(trial, grid, wanted, plan, scored=not refusal)
        progress("scanning", 0.05)
        scanned = scan(scan_plan, mapper, progress=lambda what, share: progress(what, 0.05 + 0.35 * share))
        failures = dict.fromkeys(trial.project.data, refusal) if refusal else dict(scanned.failures)
        summaries = dict(scanned.summaries) | (prior.matching(grid) if prior is not None else {})
        before = time.perf_counter()
        attributions = _attributions(trial, plan, wanted, Scanned(summaries, failures), scoring)
        attributed = time.perf_counter() - before
        results, given = [], {}
        for i, check in enumerate(plan.checks):
            progress(f"{check.code} {check.title}", 0.45 + 0.55 * i / len(plan.checks))
            reason = reasons[check.code]
            if reason is not None:
                result = Result(code=check.code, status=Status.NOT_APPLICABLE, reason=reason)
            else:
                held = Scanned(summaries, failures)
                given[check.code] = _given(check, trial, plan, grid, held, scoring, attributions, looks)
                result = _refusal(check, trial, held, attributions) or run_check(check, given[check.code])
            on_result(result)
            results.append(result)
        progress("done", 1.0)
        return Measured(
            results=tuple(results),
            grid=grid,
            summaries=scanned.summaries,
            models={name: description.as_json() for name, description in models.items()},
            usage={name: scoring.model(name).usage() for name in scoring.files},
            given=given,
            attribution_seconds=attributed,
        )


def _scan_plan(trial: Trial, grid: Grid, checks: list[Check], plan: Plan, *, scored: bool) -> ScanPlan:
    kinds: dict[Role, dict[Kind, None]] = {
        role: {TotalsKind(): None} for role in trial.project.data if role is not Role.SERVING
    }
    for check in checks:
        for role in roles_of(check, trial):
            kinds.setdefault(role, {TotalsKind(): None}).update(dict.fromkeys(check.needs.summaries))
            if plan.tests_itself and check.plants:
                kinds[role][SAMPLE] = None
        if check.needs.attributions or check.needs.importance:
            for role in kinds.keys() & {Role.TEST, *EARLIER}:
                kinds[role][SAMPLE] = None
    scores = {role for role, held in kinds.items() if any(isinstance(k, OutcomesKind) for k in held)} - {Role.SERVING}
    if scorable(trial) and any(c.needs.models and Role.SERVING in roles_of(c, trial) for c in checks):
        scores.add(Role.SERVING)
    return ScanPlan(
        trial=trial,
        grid=grid,
        kinds={role: tuple(held) for role, held in kinds.items()},
        scored=frozenset(scores | {Role.TEST} if scored else ()),
        rows=plan.rows,
    )


def _attributions(
    trial: Trial, plan: Plan, checks: list[Check], scanned: Scanned, scoring: Scoring
) -> Attributions | ModelError | None:
    """Attributions of the test sample under every model there is; the refusal of a model is kept for those who need them."""
    if (
        not any(c.needs.attributions or c.needs.importance for c in checks)
        or Role.TEST in scanned.failures
        or not scoring.files
    ):
        return None
    sample: RowSample = scanned.summaries[Role.TEST, SAMPLE]
    try:
        models = {name: scoring.model(name) for name in scoring.files}
        found = attribute(models, sample.rows, trial.task, seed=plan.seed)
    except ModelError as error:
        return error
    earlier = (scanned.summaries[r, SAMPLE].rows for r in EARLIER if (r, SAMPLE) in scanned.summaries)
    rows = next((rows for rows in earlier if len(rows) and list(rows.X) == list(sample.rows.X)), None)
    if rows is None or CANDIDATE not in scoring.files:
        return found
    return replace(found, before=shares_before(scoring.model(CANDIDATE), rows, trial.task, seed=plan.seed))


def _sound(m: Measurement, check: Check) -> Measurement:
    """The measurement, if it is one of the check's metrics and its numbers are numbers."""
    if m.metric not in check.metrics:
        raise ValueError(f"measured {m.metric!r}, which it does not declare")
    wrong = [x for x in (m.value, m.low, m.high, m.n_eff) if x is not None and not math.isfinite(x)]
    if wrong:
        raise ValueError(f"{m.metric} of {m.subject} is {wrong[0]}; an undefined number must be None with a note")
    numbers = {k: getattr(m, k) for k in ("value", "low", "high", "level", "n_eff", "size")}
    plain: dict[str, Any] = {k: None if v is None else float(v) for k, v in numbers.items()}
    return replace(m, n=int(m.n), minor=bool(m.minor), **plain)


def _refusal(
    check: Check, trial: Trial, scanned: Scanned, attributions: Attributions | ModelError | None
) -> Result | None:
    """An error, where the model refused what the check is made of."""
    refused = _refused(check, trial, scanned)
    if refused:
        reason = f"the model would not score {refused[0].value}: {scanned.failures[refused[0]]}"
        return Result(code=check.code, status=Status.ERROR, reason=reason)
    if check.needs.attributions and isinstance(attributions, ModelError):
        return Result(code=check.code, status=Status.ERROR, reason=str(attributions))
    return None


def _refused(check: Check, trial: Trial, scanned: Scanned) -> list[Role]:
    scored = check.needs.models or check.needs.calls or any(isinstance(k, OutcomesKind) for k in check.needs.summaries)
    return [r for r in roles_of(check, trial) if r in scanned.failures] if scored else []


def _given(
    check: Check,
    trial: Trial,
    plan: Plan,
    grid: Grid,
    scanned: Scanned,
    scoring: Scoring,
    attributions: Attributions | ModelError | None,
    looks: tuple[str, ...] = (),
) -> Given:
    """What one check gets."""
    roles = roles_of(check, trial)
    wanted = [*roles, *(r for r in (*check.needs.one_of, *check.needs.optional) if r not in trial.project.data)]
    asks = check.needs.attributions or check.needs.importance
    keys = [(role, kind) for role in wanted for kind in check.needs.summaries]
    refused = _refused(check, trial, scanned)
    return Given(
        task=trial.task,
        grid=grid,
        options=plan.options[check.code],
        rng=np.random.default_rng([plan.seed, zlib.crc32(check.code.encode())]),
        summaries={key: scanned.summaries[key] for key in keys if key in scanned.summaries},
        models=_models(check, scoring),
        attributions=attributions if asks and isinstance(attributions, Attributions) else None,
        constraints=trial.project.constraints,
        schemas={role: trial.schemas[role] for role in roles if role in trial.schemas},
        rows=plan.rows,
        golden=read_golden(trial) if check.needs.golden else None,
        reads=scoring.model(CANDIDATE).description.features or () if CANDIDATE in scoring.files else (),
        scenarios=trial.project.scenarios,
        declared=trial.project.columns.declared,
        looks=looks,
        scored=tuple(m for m in trial.scorers if not scanned.failures or m == CANDIDATE or not refused),
    )


def _models(check: Check, scoring: Scoring) -> dict[str, Model]:
    held: dict[str, Model] = {name: scoring.model(name) for name in scoring.files} if check.needs.calls else {}
    return held | ({ENDPOINT: scoring.endpoint()} if check.needs.endpoint else {})


def run_check(check: Check, given: Given) -> Result:
    """One check's result."""
    started = time.perf_counter()
    try:
        measurements = tuple(_sound(m, check) for m in check.measure(given))
    except Exception as error:
        log.exception("check failed", extra={"code": check.code})
        message = f"{type(error).__name__}: {str(error)[:300]}"
        return Result(code=check.code, status=Status.ERROR, reason=message, seconds=time.perf_counter() - started)
    return Result(
        code=check.code, status=Status.MEASURED, measurements=measurements, seconds=time.perf_counter() - started
    )
