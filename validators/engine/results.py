"""`results.json`, version 1: the record that app, report, gate and snapshot are read from."""

import importlib.metadata
import json
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .. import __version__
from ..core.errors import RunError
from ..core.policy import Judged, JudgedResult, Overall, Policy, Rule
from ..core.power import without_way_out
from ..core.records import Check, Measurement, Result, Status
from ..core.shape import problems

SCHEMA = "seatrial/results/v1"
_PACKAGES = (
    *("numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops"),
    *("xgboost-cpu", "xgboost", "lightgbm", "catboost", "onnxruntime"),
)


def results_document(
    *,
    project: Mapping[str, Any],
    inputs: Mapping[str, Any],
    policy: Policy,
    policy_digest: str,
    plan: Mapping[str, Any],
    checks: Sequence[Check],
    judged: Sequence[JudgedResult],
    verdict: Overall,
    run: Mapping[str, Any],
    isolation: str,
    allow_unconfined: bool = False,
) -> dict[str, Any]:
    """The document. `run` holds what differs between equal runs: id, time, seconds."""
    by_code = {c.code: c for c in checks}
    return {
        "schema": SCHEMA,
        "project": dict(project),
        "inputs": dict(inputs),
        "policy": {"id": policy.id, "version": policy.version, "tier": policy.tier, "sha256": policy_digest},
        "plan": dict(plan),
        "environment": environment(isolation, allow_unconfined=allow_unconfined),
        "run": dict(run),
        "verdict": verdict.value,
        "results": [_result(j, by_code[j.result.code].family.value, by_code[j.result.code].title) for j in judged],
    }


def environment(isolation: str, *, allow_unconfined: bool) -> dict[str, Any]:
    """What the run ran on: versions, how models were kept apart, and whether less than full isolation was allowed for code."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "seatrial": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "packages": versions,
        "isolation": isolation,
        "allow_unconfined": allow_unconfined,
    }


def _result(judged: JudgedResult, family: str, title: str) -> dict[str, Any]:
    result = judged.result
    return {
        "check": result.code,
        "family": family,
        "title": title,
        "status": result.status.value,
        "reason": result.reason,
        "seconds": round(result.seconds, 3),
        "required": judged.required,
        "verdict": None if judged.verdict is None else judged.verdict.value,
        "measurements": [_measurement(j) for j in judged.judged],
    }


def _measurement(judged: Judged) -> dict[str, Any]:
    m, rule = judged.measurement, judged.rule
    return {
        "metric": m.metric,
        "subject": m.subject,
        "value": m.value,
        "low": m.low,
        "high": m.high,
        "level": m.level,
        "method": m.method,
        "n": m.n,
        "n_eff": m.n_eff,
        "size": m.size,
        "minor": m.minor,
        "note": judged.note,
        "limit": None if rule is None else _limit(rule),
        "counts": judged.counts,
        "verdict": None if judged.verdict is None else judged.verdict.value,
        "mde": judged.mde,
    }


def _limit(rule: Rule) -> dict[str, Any]:
    limit = {"warn": rule.warn, "fail": rule.fail, "worse": rule.worse, "null": rule.null}
    return limit | ({"supporting": True} if rule.supporting else {})


def asked_by(policy: Policy) -> dict[str, Any]:
    """What a plan records of its policy: what is required, and the packs, if any, with their limits and what those rest on."""
    packs = [
        {
            "id": p.id,
            "version": p.version,
            "title": p.title,
            "says": p.says,
            "as_of": p.as_of,
            "sources": list(p.sources),
            "limits": [
                {"check": r.check, "metric": r.metric, **_limit(r), "basis": r.basis, "reason": r.reason}
                for r in p.rules
            ],
        }
        for p in policy.packs
    ]
    return {"required": dict(policy.required), **({"packs": packs} if packs else {})}


def read_results(run: Path) -> dict[str, Any]:
    """The results of a run folder; raises RunError when it has none that can be read."""
    path = run / "results.json" if run.is_dir() else run
    try:
        return results_from(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise RunError(f"{run}: no results.json; `seatrial run PROJECT --out {run}` writes one") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({type(error).__name__}); run the trial again") from None


def results_from(data: bytes, path: str) -> dict[str, Any]:
    """The results document in some bytes; raises RunError with the name of the file when it is none."""
    try:
        document = json.loads(data.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read as JSON ({type(error).__name__}); run the trial again") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise RunError(f"{path}: expected schema {SCHEMA!r}, found {found!r}")
    odd = next(problems(document, _schema()), None)
    if odd is not None:
        raise RunError(f"{path}: {odd}, which no run writes; run the trial again")
    return document


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number of JSON")
    return value


@cache
def _schema() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(Path(__file__).with_name("results.schema.json").read_text("utf-8"))
    return held


def judged_again(document: Mapping[str, Any], policy: Policy, policy_digest: str) -> dict[str, Any]:
    """The document judged by another policy. Nothing is measured again: the numbers, and what they were measured on, stay."""
    held = {r["check"]: r for r in document["results"]}
    families = {code: str(r["family"]) for code, r in held.items()}
    judged = [policy.judge(r, families[r.code]) for r in measured_again(document)]
    plan = document["plan"]
    verdict = policy.overall(judged, families, narrowed=bool(plan["narrowed"]), excused=plan.get("excused", ()))
    return {
        **document,
        "policy": {"id": policy.id, "version": policy.version, "tier": policy.tier, "sha256": policy_digest},
        "plan": {**{k: v for k, v in plan.items() if k != "packs"}, **asked_by(policy)},
        "verdict": verdict.value,
        "results": [_result(j, families[j.result.code], held[j.result.code]["title"]) for j in judged],
    }


def measured_again(document: Mapping[str, Any]) -> list[Result]:
    """Results without verdicts, out of a document: what another policy judges anew. A measurement held against several limits
    stands there once per limit and comes back once.
    """
    results = []
    for held in document["results"]:
        measurements = dict.fromkeys(_plain_measurement(m) for m in held["measurements"])
        results.append(
            Result(
                code=held["check"],
                status=Status(held["status"]),
                measurements=tuple(measurements),
                reason=held["reason"],
                seconds=held["seconds"],
            )
        )
    return results


def _plain_measurement(m: Mapping[str, Any]) -> Measurement:
    names = ("metric", "subject", "value", "low", "high", "level", "method", "n", "n_eff", "size", "minor")
    note = without_way_out(m["note"])
    return Measurement(**{name: m[name] for name in names}, note=note)
