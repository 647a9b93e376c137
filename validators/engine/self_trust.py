"""Can the checks be trusted on these data? Each is run again on data without a fault, and with one of known size.

Only summaries and stored predictions are used: rows of the samples are dealt out anew or changed, summarised by the same code, and
measured and judged by the check and the policy of the run. A check that misses a fault of twice its tolerance in more than a fifth
of the replicates cannot vouch for its absence.
"""

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..core.data import PRIOR, Batch, Role
from ..core.policy import Judged, Policy, Rule, Verdict, worst
from ..core.records import Check, Given, Kind, Plant, Result, Status
from ..summaries.planting import FAULTS, NULLS
from ..summaries.row_sample import RowSample, RowSampleKind
from ..summaries.worlds import Planted, World, WorldSummaries
from .plan import Plan
from .run import Measured, run_check

log = logging.getLogger("seatrial.self_trust")
FOUND_AT_LEAST = 0.8
RAISED = "the self-test failed"
ALARMS = (Verdict.WARN, Verdict.FAIL)
SCHEMA, FILE = "seatrial/self_trust/v1", "self_trust.json"
SAMPLE = RowSampleKind()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One plant: how often the metric alarmed without a fault, and with one of one and two tolerances.

    `tolerance` is in the metric's unit; `null_alarms`, `found_1x` and `found_2x` (Attention or Fail) are out of `replicates`, as
    is `open_2x`: not found, but Inconclusive, so not passed either. `changed_1x` and `changed_2x` are
    shares of the rows. `options` are those of the check that were changed to make it lighter.
    """

    metric: str
    fault: str
    null: str
    into: str
    tolerance: float
    replicates: int
    null_alarms: int
    found_1x: int
    found_2x: int
    open_2x: int
    changed_1x: float
    changed_2x: float
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed_2x(self) -> int:
        """Replicates in which a fault of twice the tolerance was passed."""
        return self.replicates - self.found_2x - self.open_2x


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What came of testing one check. `reason` says why it was not tested, or cannot be trusted.

    `rows` of `rows_given` were used: the sample by key hash, of all roles that were changed or compared with.
    """

    check: str
    tried: tuple[Tried, ...] = ()
    rows: int = 0
    rows_given: int = 0
    reason: str = ""

    @property
    def missed(self) -> Tried | None:
        """A plant of twice the tolerance that the check passed too often."""
        return next((t for t in self.tried if t.replicates - t.passed_2x < FOUND_AT_LEAST * t.replicates), None)

    @property
    def tested(self) -> bool:
        """Whether anything was planted."""
        return bool(self.tried)


def self_trust(
    measured: Measured,
    plan: Plan,
    policy: Policy,
    *,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> tuple[Trust, ...]:
    """Every check of the plan, tested or with the reason why not."""
    results = {r.code: r for r in measured.results}
    rows = {role: s for (role, kind), s in measured.summaries.items() if kind == SAMPLE}
    found = []
    for i, check in enumerate(plan.checks):
        progress(f"self-test of {check.code}", i / len(plan.checks))
        found.append(
            check_the_check(check, results[check.code], measured.given.get(check.code), rows, policy, seed=plan.seed)
        )
    return tuple(found)


def check_the_check(
    check: Check, result: Result, given: Given | None, samples: Mapping[Role, RowSample], policy: Policy, *, seed: int
) -> Trust:
    """One check on data without and with a fault; `result` and `given` are what it found and had in the run."""
    if given is None or result.status is not Status.MEASURED:
        return Trust(check=check.code, reason="it was not run")
    measured = {m.metric for m in result.measurements}
    rules = [r for r in policy.rules if r.check == check.code and r.metric in measured]
    if not check.plants or not rules:
        return Trust(check=check.code, reason=_why_untested(check, rules))
    roles = {role for role, _ in given.summaries}
    held = {role: s for role, s in samples.items() if role in roles}
    if any(plant.into is not None and plant.into not in held for plant in check.plants):
        return Trust(check=check.code, reason="no rows of the role that a fault would go into")
    try:
        tried = tuple(t for plant in check.plants for t in _tried(check, plant, given, held, policy, rules, seed))
    except Exception as error:
        # as with a check that raises: the run goes on, and says so
        log.exception("self-test failed", extra={"code": check.code})
        return Trust(check=check.code, reason=f"{RAISED} ({type(error).__name__})")
    return Trust(
        check=check.code,
        tried=tried,
        rows=max((sum(len(b) for b in _used(plant, held).values()) for plant in check.plants), default=0),
        rows_given=sum(s.total for s in held.values()),
        reason="" if tried else "these data cannot carry the fault that would be planted",
    )


def _why_untested(check: Check, rules: list[Rule]) -> str:
    if not rules:
        return "nothing of it is judged"
    return check.unplanted or "no fault of known size is written for it, or it costs too much to repeat"


def _used(plant: Plant, held: Mapping[Role, RowSample]) -> dict[Role, Batch]:
    """The rows of every role that a plant takes."""
    return {role: s.rows if plant.rows is None else s.thin(plant.rows) for role, s in held.items()}


def _tried(
    check: Check,
    plant: Plant,
    given: Given,
    held: Mapping[Role, RowSample],
    policy: Policy,
    rules: list[Rule],
    seed: int,
) -> Iterator[Tried]:
    """The plant's outcome; nothing where there is no such limit or the data cannot carry the fault."""
    rule = next((r for r in rules if (r.metric, r.worse) == (plant.metric, plant.worse)), None)
    if rule is None or (plant.null in ("swapped", "copied") and PRIOR not in given.scored):
        return
    size = tolerance(rule)
    world = World(
        rows=_used(plant, held), grid=given.grid, task=given.task, into=plant.into or Role.TEST, attributions=given.attributions,
        schemas=given.schemas, constraints=given.constraints, golden=given.golden, looks=given.looks,
    )  # fmt: skip
    lighter = replace(given, options=replace(given.options, **plant.options)) if plant.options else given
    judge = _judge(check, lighter, policy, rule)
    alarms, held_open, found, changed = 0, 0, [0, 0], [0.0, 0.0]
    for turn in range(plant.replicates):
        rng = np.random.default_rng([seed, zlib.crc32(f"{check.code} {plant.fault}".encode()), turn])
        quiet = NULLS[plant.null](world, rng)
        if quiet is None or (plant.into is not None and not len(quiet.batch)):
            return
        before = judge(quiet, rng)
        alarms += _worst(before, "") in ALARMS
        for k in (0, 1):
            planted: Planted | None = FAULTS[plant.fault](quiet, (k + 1) * size, rng, turn)
            if planted is None:
                return
            said = judge(planted.world, rng)
            # who says nothing of what was changed stands by what is said of the whole
            verdict = _worst(said, planted.subject) or _worst(said, "")
            if verdict is None:  # nothing is judged: the plant tells nothing
                return
            found[k] += verdict in ALARMS
            held_open += k == 1 and verdict is Verdict.INCONCLUSIVE
            changed[k] += float(planted.changed) / plant.replicates
    yield Tried(
        metric=plant.metric, fault=plant.fault, null=plant.null, into=plant.into.value if plant.into else "golden rows", tolerance=size,
        replicates=plant.replicates, null_alarms=alarms, found_1x=found[0], found_2x=found[1], open_2x=held_open,
        changed_1x=changed[0], changed_2x=changed[1], options=plant.options,
    )  # fmt: skip


def tolerance(rule: Rule) -> float:
    """Distance of the soft limit from no effect, or of the hard one where any effect is too much."""
    soft = rule.warn if rule.warn is not None and rule.warn != rule.null else rule.fail
    return abs((soft if soft is not None else rule.null) - rule.null)


def _judge(
    check: Check, given: Given, policy: Policy, rule: Rule
) -> Callable[[World, np.random.Generator], list[Judged]]:
    """What the rule says of the check's measurements on some rows."""
    made: dict[tuple[Role, Kind], tuple[Batch, Any]] = {}
    asked = frozenset({rule.metric})

    def judge(world: World, rng: np.random.Generator) -> list[Judged]:
        # draws of its own: what a check draws, or leaves out, does not move what is planted next
        planted = replace(
            given, summaries=WorldSummaries(given.summaries, world, made), rng=rng.spawn(1)[0], attributions=world.attributions,
            schemas=world.schemas, models=world.models, looks=world.looks, asked=asked,
        )  # fmt: skip
        result = run_check(check, planted)
        if result.status is Status.ERROR:
            raise RuntimeError(f"{check.code} on planted data: {result.reason}")
        return [j for j in policy.judge(result, check.family.value).judged if j.rule == rule]

    return judge


def _worst(judged: Iterable[Judged], subject: str) -> Verdict | None:
    """The worst verdict on what speaks of the subject."""
    mine = (j for j in judged if subject in j.measurement.subject or subject in j.measurement.note)
    return worst(j.verdict for j in mine if j.verdict is not None)


def doubted(result: Result, trust: Trust | None) -> Result:
    """The result, with the reason why no policy may pass it if the check passes what it should find."""
    if trust is None or result.status is not Status.MEASURED:
        return result
    if trust.reason.startswith(RAISED):
        return replace(result, reason=f"Self-test: {trust.reason}, so nothing shows that a fault would be found")
    missed = trust.missed
    if missed is None:
        return result
    twice = f"a planted fault of twice the tolerance ({missed.metric}, {2 * missed.tolerance:g})"
    reason = (
        f"Self-test: {twice if missed.tolerance else f'a planted fault ({missed.metric})'} was passed in "
        f"{missed.passed_2x} of {missed.replicates} replicates on these data, so that finding none says little"
    )
    return replace(result, reason=reason)


def trust_document(found: Iterable[Trust], seed: int) -> dict[str, Any]:
    """As plain JSON: a member of the run folder and of the snapshot."""
    return {
        "schema": SCHEMA,
        "seed": seed,
        "found_at_least": FOUND_AT_LEAST,
        "checks": [asdict(t) | {"tested": t.tested, "trusted": t.tested and t.missed is None} for t in found],
    }
