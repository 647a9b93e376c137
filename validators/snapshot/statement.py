"""The signed statement: in-toto v1, digests of everything, the verdict, and no rows; at most 10 KB."""

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from ..core.errors import SnapshotError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://seatrial.dev/validation-snapshot/v1"
MAX_STATEMENT = 10 * 1024
_LISTS = {"PASS": "passedTests", "WARN": "warnedTests", "FAIL": "failedTests", "INCONCLUSIVE": "inconclusiveTests"}


def statement(
    results: Mapping[str, Any], members: Mapping[str, bytes], *, created: str, prev: str | None
) -> dict[str, Any]:
    """The statement about a run.

    Parameters
    ----------
    results
        The parsed results.json.
    members
        Name and content of every file of the snapshot but the envelope.
    created : str
        Claimed time, ISO 8601 in UTC.
    prev : str, optional
        SHA-256 of the envelope of the snapshot before this one.

    Raises
    ------
    SnapshotError
        When results lack what must be bound.
    """
    try:
        inputs, policy, plan = results["inputs"], results["policy"], results["plan"]
        subject = _subjects(inputs)
        tests: dict[str, list[str]] = {name: [] for name in (*_LISTS.values(), "notJudgedTests", "notRunTests")}
        for result in results["results"]:
            tests[_list_of(result)].append(result["check"])
        predicate = {
            "model": {"id": results["project"]["id"], "version": results["project"]["version"]},
            "verdict": results["verdict"],
            "policy": {
                "id": policy["id"],
                "version": policy["version"],
                "tier": policy["tier"],
                "sha256": policy["sha256"],
            },
            "project": {"sha256": inputs["project"]["sha256"]},
            "plan": {"suite": plan["suite"], "seed": plan["seed"], "narrowed": plan["narrowed"]},
            "tool": {"name": "seatrial", "version": results["environment"]["seatrial"]},
            "isolation": results["environment"]["isolation"],
            "allowUnconfined": bool(results["environment"].get("allow_unconfined", False)),
            **tests,
            "members": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(members.items())},
            "prev": prev,
            "run": {"id": results["run"]["id"], "created": created, "time": "claimed"},
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"results.json: lacks {error} and cannot be signed; run the trial again") from None
    return {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": PREDICATE_TYPE, "predicate": predicate}


def payload(document: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a statement (RFC 8785); raises SnapshotError above 10 KB."""
    data = rfc8785.dumps(dict(document))
    if len(data) > MAX_STATEMENT:
        raise SnapshotError(f"statement: {len(data)} bytes are more than {MAX_STATEMENT}; name fewer files")
    return data


def _subjects(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    named = [(f"model/{name}/{m['file']}", m["sha256"]) for name, m in inputs["model"].items() if m is not None]
    named += [(f"data/{role}/{d['file']}", d["sha256"]) for role, d in inputs["data"].items()]
    named += [(f"code/{name}", c["sha256"]) for name, c in inputs.get("code", {}).items()]
    for name in ("golden", "scenarios", "prior_snapshot"):
        if name in inputs:
            named.append((f"{name}/{inputs[name]['file']}", inputs[name]["sha256"]))
    if not named:
        raise SnapshotError("results.json: names no model and no data; there is nothing to sign")
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in named]


def _list_of(result: Mapping[str, Any]) -> str:
    if result["status"] != "MEASURED":
        return "notRunTests"
    return _LISTS.get(result["verdict"], "notJudgedTests")
