"""Policy files: the three house policies and those of users, with the packs laid over them, checked against the catalog's metrics."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Any, cast

from ..core import shape
from ..core.errors import PolicyError
from ..core.hints import nearest
from ..core.policy import Pack, Policy, Requirement, Rule
from ..core.records import Family

TIERS: Mapping[int, str] = {1: "high.toml", 2: "medium.toml", 3: "low.toml"}
_REQUIREMENTS = ("always", "if_roles_given", "advisory")
_TOP = ("id", "version", "tier", "title", "required", "required_subjects", "limits", "packs")
_PACK = ("id", "version", "title", "says", "as_of", "sources", "required", "required_subjects", "limits")
_BIAS = "BIA"
_LIMIT = ("check", "metric", "worse", "warn", "fail", "null", "min_n", "scales", "supporting", "basis", "reason")
_LABEL = {"type": ["string", "number"]}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_LIMITS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            **{k: {"type": "string"} for k in ("check", "metric", "worse", "basis", "reason")},
            **{k: {"type": "boolean"} for k in ("scales", "supporting")},
        },
    },
}
_REQUIRED = {"type": "object", "additionalProperties": {"type": "string"}}
_IN_PACK = {
    **dict.fromkeys(("id", "version", "title", "says", "as_of"), _LABEL),
    "sources": _TEXTS,
    "required": _REQUIRED,
    "required_subjects": _TEXTS,
    "limits": _LIMITS,
}
_SHAPE = {
    "properties": {
        "id": _LABEL,
        "version": _LABEL,
        "tier": {"enum": [1, 2, 3]},
        "title": _LABEL,
        "required": _REQUIRED,
        "required_subjects": _TEXTS,
        "limits": _LIMITS,
        "packs": {"type": "array", "items": {"type": "object", "properties": _IN_PACK}},
    }
}


def policy_text(tier: int, file: Path | None = None) -> str:
    """Text of the policy of a tier, or of a file."""
    if file is None:
        return resources.files(__package__).joinpath("..", "policies", TIERS[tier]).read_text("utf-8")
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{file}: cannot be read as text ({type(error).__name__})") from None


def digest_of(text: str) -> str:
    """SHA-256 of a policy's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_policy(text: str, *, name: str, metrics: Mapping[str, tuple[str, ...]], families: tuple[str, ...]) -> Policy:
    """A policy out of its text.

    Parameters
    ----------
    metrics
        What every check of the catalog measures; a limit on anything else is an error, so that no limit is silently idle.
    families
        Families of checks.

    Raises
    ------
    PolicyError
        With every problem found.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"{name}: not valid TOML: {error}") from None
    odd = [f"{name}: {p}" for p in shape.problems(raw, _SHAPE)]
    if odd:
        raise PolicyError(*odd)
    problems = [f"unknown key {k!r}; {nearest(k, _TOP)}" for k in raw if k not in _TOP]
    problems += [f"has no {k}" for k in ("id", "version", "tier") if k not in raw]
    required, limits = raw.get("required", {}), raw.get("limits", [])
    for key, value in required.items():
        if key not in families and key not in metrics:
            problems.append(f"[required] {key!r} is no family and no check; {nearest(key, (*families, *metrics))}")
        if value not in _REQUIREMENTS:
            problems.append(f"[required] {key} must be one of {', '.join(_REQUIREMENTS)}, got {value!r}")
    problems += _problems_of_limits(limits, metrics)
    packs = raw.get("packs", [])
    ids = [pack.get("id") for pack in packs]
    problems += [f"pack {x!r} stands there twice" for x in dict.fromkeys(ids) if ids.count(x) > 1]
    for pack in packs:
        problems += [f"pack {pack.get('id', '?')}: {p}" for p in _pack_problems(pack, metrics)]
    if problems:
        raise PolicyError(*(f"{name}: {p}" for p in problems))
    house = Policy(
        id=str(raw["id"]),
        version=str(raw["version"]),
        tier=int(raw["tier"]),
        rules=tuple(_rule(limit) for limit in limits),
        required=cast("Mapping[str, Requirement]", required),
        required_subjects=tuple(raw.get("required_subjects", ())),
    )
    return reduce(_with_pack, packs, house)


def _pack_problems(pack: Mapping[str, Any], metrics: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What is wrong with a pack; it speaks of bias checks only."""
    yield from (f"unknown key {k!r}; {nearest(k, _PACK)}" for k in pack if k not in _PACK)
    yield from (f"has no {k}" for k in _PACK[:-3] if k not in pack)
    bias = tuple(code for code in metrics if code.startswith(_BIAS))
    for key, value in pack.get("required", {}).items():
        if key not in bias:
            yield f"[required] {key!r} is no check of bias; {nearest(key, bias)}"
        if value not in _REQUIREMENTS:
            yield f"[required] {key} must be one of {', '.join(_REQUIREMENTS)}, got {value!r}"
    limits = pack.get("limits", [])
    yield from _problems_of_limits(limits, metrics)
    for i, limit in enumerate(limits, 1):
        if limit.get("check") in metrics and limit["check"] not in bias:
            yield f"limit {i}: a pack limits checks of bias; {limit['check']} is none"


def _with_pack(policy: Policy, raw: Mapping[str, Any]) -> Policy:
    """The policy with a pack laid over it: of two limits on the same metric the stricter one holds, of two requirements too."""
    added = tuple(_rule(limit) for limit in raw.get("limits", ()))
    rules = {(r.check, r.metric, r.worse): r for r in policy.rules}
    for rule in added:
        key = (rule.check, rule.metric, rule.worse)
        rules[key] = tightened(rules[key], rule) if key in rules else rule
    required = {
        code: min(policy.requirement(code, Family.BIAS), asked, key=_REQUIREMENTS.index)
        for code, asked in raw.get("required", {}).items()
    }
    pack = Pack(
        **{k: str(raw[k]) for k in ("id", "version", "title", "says", "as_of")},
        sources=tuple(raw["sources"]),
        rules=added,
    )
    return replace(
        policy,
        id=f"{policy.id}+{pack.id}-{pack.version}",
        rules=tuple(rules.values()),
        required={**policy.required, **required},
        required_subjects=tuple(dict.fromkeys((*policy.required_subjects, *raw.get("required_subjects", ())))),
        packs=(*policy.packs, pack),
    )


def tightened(rule: Rule, other: Rule) -> Rule:
    """The stricter of two rules on the same metric, each limit by itself; of equal ones the other, with its basis."""
    sign = 1.0 if rule.worse == "above" else -1.0

    def stricter(*limits: float | None) -> float | None:
        return min((x for x in limits if x is not None), key=lambda x: sign * x, default=None)

    warn, fail = stricter(rule.warn, other.warn), stricter(rule.fail, other.fail)
    if warn is not None and fail is not None and sign * warn > sign * fail:
        warn = fail  # one of the two knows only a hard limit
    theirs = (warn, fail) == (other.warn, other.fail)
    if (warn, fail) == (rule.warn, rule.fail) and not theirs:
        return rule
    return replace(
        other,
        warn=warn,
        fail=fail,
        min_n=min(rule.min_n, other.min_n),
        basis=other.basis if theirs else f"{other.basis}; {rule.basis}",
    )


def _rule(limit: Mapping[str, Any]) -> Rule:
    return Rule(
        check=limit["check"],
        metric=limit["metric"],
        worse=limit["worse"],
        warn=None if "warn" not in limit else float(limit["warn"]),
        fail=None if "fail" not in limit else float(limit["fail"]),
        null=float(limit.get("null", 0.0)),
        min_n=float(limit.get("min_n", 100)),
        scales=bool(limit.get("scales", False)),
        supporting=bool(limit.get("supporting", False)),
        basis=str(limit["basis"]),
        reason=str(limit["reason"]),
    )


def _problems_of_limits(limits: list[Any], metrics: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What is wrong with each, and those on what another limits: a pack would be laid over one of them only."""
    seen: dict[tuple[Any, ...], int] = {}
    for i, limit in enumerate(limits, 1):
        yield from (f"limit {i}: {p}" for p in _limit_problems(limit, metrics))
        key = tuple(limit.get(k) for k in ("check", "metric", "worse"))
        first = seen.setdefault(key, i)
        if first < i and None not in key:
            yield f"limit {i}: {key[0]} {key[1]} {key[2]} is limit {first} already; write warn and fail into one"


def _limit_problems(limit: Mapping[str, Any], metrics: Mapping[str, tuple[str, ...]]) -> list[str]:
    problems = [f"unknown key {k!r}; {nearest(k, _LIMIT)}" for k in limit if k not in _LIMIT]
    problems += [f"has no {k}" for k in ("check", "metric", "worse", "basis", "reason") if k not in limit]
    check, metric = limit.get("check"), limit.get("metric")
    if check is not None and check not in metrics:
        problems.append(f"there is no check {check!r}; {nearest(str(check), tuple(metrics))}")
    elif metric is not None and check is not None and metric not in metrics[check]:
        problems.append(f"{check} measures no {metric!r}; {nearest(str(metric), metrics[check])}")
    if limit.get("worse", "above") not in ("above", "below"):
        problems.append(f'worse must be "above" or "below", got {limit["worse"]!r}')
    numbers = {k: limit[k] for k in ("warn", "fail", "null", "min_n") if k in limit}
    wrong = [k for k, v in numbers.items() if isinstance(v, bool) or not isinstance(v, int | float) or v != v]  # noqa: PLR0124
    problems += [f"{k} must be a number, got {numbers[k]!r}" for k in wrong]
    if "warn" not in limit and "fail" not in limit:
        problems.append("has neither warn nor fail")
    elif not wrong and "warn" in limit and "fail" in limit:
        sign = 1 if limit.get("worse") == "above" else -1
        if sign * limit["fail"] < sign * limit["warn"]:
            problems.append(
                f"fail {limit['fail']:g} is milder than warn {limit['warn']:g} where worse is {limit.get('worse')}"
            )
    return problems
