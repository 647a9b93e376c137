"""Policies judge: intervals against limits, checks into families, families into a verdict on the run.

Judging is pure, so an old snapshot can be judged again under a new policy.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from .power import detectable, way_out, weighed
from .records import Measurement, Result, Status
from .subjects import MODEL, fits


class Verdict(StrEnum):
    """What a policy says of a measurement or a check."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    WARN = "WARN"
    INCONCLUSIVE = "INCONCLUSIVE"
    FAIL = "FAIL"


class Overall(StrEnum):
    """What a policy says of a run."""

    PASSED = "PASSED"
    WARNED = "WARNED"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"


EXIT_CODES: Mapping[Overall, int] = {Overall.PASSED: 0, Overall.WARNED: 0, Overall.FAILED: 1, Overall.INCOMPLETE: 3}

_TO_TIER_2: Mapping[int, float] = {1: 2.0, 3: 0.5}
_RANK = (Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL)
Requirement = Literal["always", "if_roles_given", "advisory"]


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of some verdicts, FAIL > INCONCLUSIVE > WARN > PASS; None of none."""
    return max(verdicts, key=_RANK.index, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A soft and a hard limit on one metric of one check, held against the whole interval. A band is two rules.

    Without `fail` it never fails; without `warn` the hard limit is the only one. `null` is "no effect". `min_n` is the size
    below which a subject may alarm but cannot make its check inconclusive. `scales` tells that tiers scale the limits: tier 1 halves
    and tier 3 doubles what tier 2 tolerates. A `supporting` metric is not what its check is about.
    """

    check: str
    metric: str
    worse: Literal["above", "below"]
    warn: float | None
    fail: float | None
    null: float = 0.0
    min_n: float = 100
    scales: bool = False
    supporting: bool = False
    basis: str = ""
    reason: str = ""

    def judge(self, m: Measurement) -> Verdict:
        """The verdict on one measurement (design: a verdict is an interval against a tolerance)."""
        if m.value is None:
            return Verdict.INCONCLUSIVE
        sign = 1.0 if self.worse == "above" else -1.0
        warn = self.warn if self.warn is not None else self.fail
        if warn is None:
            raise ValueError(f"rule on {self.metric} has no limit")
        hard = math.inf if self.fail is None else sign * self.fail
        soft, null, value = sign * warn, sign * self.null, sign * m.value
        # a deterministic fact has no lower limit; its upper one is only the bound on what was not seen
        ends = (m.value, m.value) if m.low is None or m.high is None else (m.low, m.high)
        best, worst_end = sorted(sign * end for end in ends)
        if worst_end <= soft:
            return Verdict.PASS
        if best > hard or (value > hard and best > soft):
            return Verdict.WARN if m.minor else Verdict.FAIL
        return Verdict.WARN if best > soft or (value > soft and best > null) else Verdict.INCONCLUSIVE

    def tells(self, m: Measurement, tier: int = 2) -> bool:
        """Whether the interval is narrow enough for the limit of tier 2 to be told from no effect.

        The yardstick is the same in all tiers: were it each tier's own limit, a stricter tier would leave out what a milder one counts.
        A supporting metric whose only limit is no effect itself has no yardstick: what its interval leaves open tells nothing.
        """
        limit = self.warn if self.warn is not None and self.warn != self.null else self.fail
        if m.low is None or m.high is None:
            return True
        if limit is None:
            return not self.supporting
        scale = _TO_TIER_2.get(tier, 1.0) if self.scales else 1.0
        return bool((m.high - m.low) / 2 <= scale * abs(limit - self.null))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A measurement, the limit it was held against and what came of it. `mde`: effect detectable with power .80 at this n."""

    measurement: Measurement
    rule: Rule | None = None
    verdict: Verdict | None = None
    counts: bool = True
    mde: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedResult:
    """A check's result with its verdict; None where nothing was measured or nothing is judged."""

    result: Result
    required: bool
    verdict: Verdict | None
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Limits on bias checks for one field of use, laid over a tier's. They tighten, never loosen, and decide no question of law."""

    id: str
    version: str
    title: str
    says: str
    as_of: str
    sources: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What one risk tier asks for. `required` maps a family or a check's code to a requirement; the code goes first.

    `packs` are those whose limits and requirements are in `rules`, `required` and `required_subjects` already.
    """

    id: str
    version: str
    tier: int
    rules: tuple[Rule, ...]
    required: Mapping[str, Requirement] = field(default_factory=dict)
    required_subjects: tuple[str, ...] = ()
    packs: tuple[Pack, ...] = ()

    def requirement(self, code: str, family: str) -> Requirement:
        """How much a check is required."""
        return self.required.get(code, self.required.get(family, "advisory"))

    def requires(self, subject: str) -> bool:
        """Whether a subject counts however small; ``*`` in a required one stands for one name, value or range."""
        return any(fits(required, subject) for required in self.required_subjects)

    def judge(self, result: Result, family: str) -> JudgedResult:
        """One check's verdict: the worst of its counting measurements, and any WARN or FAIL of one that does not count.

        A subject below the rule's `min_n` does not count. Nor does an INCONCLUSIVE measurement whose interval is wider than its limit: it
        is listed with the rows that it would take, as no model could pass there; nor one that at worst would be Attention: of a minor
        subject, or under a limit that does not fail. Three things keep this from clearing what nobody could see: the number on the whole
        model that the check is about (any but a `supporting` one) always counts, and where it is undefined on few rows too; supporting
        numbers alone do not pass; and a check without a number on the whole model passes only where at least half of the subjects that
        are neither small nor minor do; where nothing counts it is INCONCLUSIVE (not so one that no rule speaks of). As what counts is
        the same in all tiers, a stricter tier never passes what a milder one does not. A check that was measured with a reason against
        itself (`Result.reason`) cannot pass.
        """
        required = self.requirement(result.code, family) != "advisory"
        if result.status is not Status.MEASURED:
            return JudgedResult(result=result, required=required, verdict=None)
        rules = [r for r in self.rules if r.check == result.code]
        judged = tuple(j for m in result.measurements for j in self._judge_one(m, rules))
        held = [j for j in judged if j.verdict is not None]
        telling = [j.verdict for j in held if j.verdict and (j.counts or j.verdict in (Verdict.WARN, Verdict.FAIL))]
        counted = [j for j in held if j.counts]
        verdict = worst(telling)
        if (held and not counted) or (rules and not result.measurements):
            verdict = worst([Verdict.INCONCLUSIVE, *telling])
        if verdict is Verdict.PASS and (result.reason or _mostly_open(held)):
            verdict = Verdict.INCONCLUSIVE
        return JudgedResult(result=result, required=required, verdict=verdict, judged=judged)

    def _judge_one(self, m: Measurement, rules: Sequence[Rule]) -> Iterable[Judged]:
        mde = detectable(m)
        said = [(rule, rule.judge(m)) for rule in rules if rule.metric == m.metric]
        if not said:
            yield Judged(measurement=m, mde=mde, note=m.note)
        open_ends = [rule for rule, verdict in said if verdict is Verdict.INCONCLUSIVE]
        ends = [(r.warn if r.warn is not None else r.fail or 0.0, r.worse) for r in open_ends]
        for rule, verdict in said:
            main = m.subject == MODEL and not rule.supporting
            mild = m.minor or rule.fail is None
            told = verdict is not Verdict.INCONCLUSIVE or main or (rule.tells(m, self.tier) and not mild)
            enough = weighed(m) >= rule.min_n or (main and m.value is None)
            counts = (enough and told) or self.requires(m.subject)
            note = m.note
            if verdict is Verdict.INCONCLUSIVE:
                note = "; ".join(filter(None, (note, way_out(m, ends, rule.null, small=not counts))))
            elif verdict is Verdict.PASS and main and not counts:
                few = f"too few to pass on: {weighed(m):,.0f} rows of the rarest kind, and it takes {rule.min_n:,.0f}"
                note = "; ".join(filter(None, (note, few)))
            yield Judged(measurement=m, rule=rule, verdict=verdict, counts=counts, mde=mde, note=note)

    def overall(
        self,
        results: Sequence[JudgedResult],
        families: Mapping[str, str],
        *,
        narrowed: bool = False,
        excused: Collection[str] = (),
    ) -> Overall:
        """The verdict on a run; one narrowed to some checks can fail but never pass, and a check whose question did not arise is settled.

        `excused` lists checks of which `always` asks only where they apply: those that query a model, in a trial of stored predictions.
        """
        needed = [r for r in results if r.required]
        if any(r.verdict is Verdict.FAIL for r in needed):
            return Overall.FAILED
        open_ends = any(
            r.verdict is Verdict.INCONCLUSIVE
            or r.result.status is Status.ERROR
            or (
                r.result.status is Status.NOT_APPLICABLE
                and r.result.code not in excused
                and self.requirement(r.result.code, families[r.result.code]) == "always"
            )
            for r in needed
        )
        if narrowed or open_ends or not any(r.verdict for r in needed):
            return Overall.INCOMPLETE
        return Overall.WARNED if any(r.verdict not in (None, Verdict.PASS) for r in results) else Overall.PASSED


def _mostly_open(judged: Sequence[Judged]) -> bool:
    """Whether less than half of the subjects that matter pass, and no number on the whole model does; or supporting numbers alone.

    Where a check has limits that fail, what could at worst be Attention does not matter here, as with minor subjects.
    """
    passed = [j for j in judged if j.counts and j.verdict is Verdict.PASS]
    own = [j for j in passed if j.rule and not j.rule.supporting]
    if not own or any(j.measurement.subject == MODEL for j in own):
        return not own
    fails = any(j.rule and j.rule.fail is not None for j in judged)
    asked = [(j, r) for j in judged if (r := j.rule) and (r.fail is not None or not fails)]
    matter = [j for j, r in asked if weighed(j.measurement) >= r.min_n and not j.measurement.minor]
    return 2 * sum(j in passed for j, _ in asked) < len(matter)
