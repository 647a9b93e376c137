"""Policy files: the three house policies and those of users, checked against the catalog's metrics."""

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, cast

from ..core.errors import PolicyError
from ..core.policy import Policy, Requirement, Rule

TIERS: Mapping[int, str] = {1: "high.toml", 2: "medium.toml", 3: "low.toml"}
_REQUIREMENTS = ("always", "if_roles_given", "advisory")
_TOP = ("id", "version", "tier", "title", "required", "required_subjects", "limits")
_LIMIT = ("check", "metric", "worse", "warn", "fail", "null", "min_n", "scales", "basis", "reason")


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
    problems = [f"unknown key {k!r}{_near(k, _TOP)}" for k in raw if k not in _TOP]
    problems += [f"has no {k}" for k in ("id", "version", "tier") if k not in raw]
    required = raw.get("required", {})
    limits = raw.get("limits", [])
    if not isinstance(required, dict) or not isinstance(limits, list) or not all(isinstance(x, dict) for x in limits):
        raise PolicyError(f"{name}: [required] must be a table and [[limits]] a list of tables")
    for key, value in required.items():
        if key not in families and key not in metrics:
            problems.append(f"[required] {key!r} is no family and no check{_near(key, (*families, *metrics))}")
        if value not in _REQUIREMENTS:
            problems.append(f"[required] {key} must be one of {', '.join(_REQUIREMENTS)}, got {value!r}")
    for i, limit in enumerate(limits, 1):
        problems += [f"limit {i}: {p}" for p in _limit_problems(limit, metrics)]
    if problems:
        raise PolicyError(*(f"{name}: {p}" for p in problems))
    return Policy(
        id=str(raw["id"]),
        version=str(raw["version"]),
        tier=int(raw["tier"]),
        rules=tuple(_rule(limit) for limit in limits),
        required=cast("Mapping[str, Requirement]", required),
        required_subjects=tuple(raw.get("required_subjects", ())),
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
        basis=str(limit["basis"]),
        reason=str(limit["reason"]),
    )


def _limit_problems(limit: Mapping[str, Any], metrics: Mapping[str, tuple[str, ...]]) -> list[str]:
    problems = [f"unknown key {k!r}{_near(k, _LIMIT)}" for k in limit if k not in _LIMIT]
    problems += [f"has no {k}" for k in ("check", "metric", "worse", "basis", "reason") if k not in limit]
    check, metric = limit.get("check"), limit.get("metric")
    if check is not None and check not in metrics:
        problems.append(f"there is no check {check!r}{_near(str(check), tuple(metrics))}")
    elif metric is not None and check is not None and metric not in metrics[check]:
        problems.append(f"{check} measures no {metric!r}{_near(str(metric), metrics[check])}")
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


def _near(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
