"""What a results document says: its results, measurements and verdicts, the worst first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .subject_words import atoms
from .words import ASKED, FAMILIES, RANK

Document = Mapping[str, Any]
Record = Mapping[str, Any]


def results(document: Document, family: str | None = None) -> list[Record]:
    """Results, all of them or those of a family, in the document's order."""
    return [r for r in document.get("results", ()) if family is None or r["family"] == family]


def result_of(document: Document, code: str) -> Record | None:
    """The result of a check; None when it was not in the plan."""
    return next((r for r in results(document) if r["check"] == code), None)


def verdict_of(result: Record) -> str:
    """Verdict of a result as a key of `VERDICTS`."""
    if result["status"] != "MEASURED":
        return "NOT_RUN"
    return str(result["verdict"] or "NO_LIMIT")


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some keys of `VERDICTS`; what was not run shows through only where nothing was."""
    return min(verdicts, key=RANK.index, default="NOT_RUN")


def asked(document: Document, result: Record) -> str:
    """How much the policy asks for a check: ``always``, ``if_roles_given`` (where it applies) or ``advisory``."""
    plan = document.get("plan", {})
    required = plan.get("required", {})
    found = required.get(
        result["check"], required.get(result["family"], "always" if result["required"] else "advisory")
    )
    return "if_roles_given" if found == "always" and result["check"] in plan.get("excused", ()) else str(found)


def need(document: Document, result: Record) -> str:
    """How much the policy asks for a check, in words; of one that was run, that it applies is known."""
    found = asked(document, result)
    return ASKED["always" if found == "if_roles_given" and result["status"] != "NOT_APPLICABLE" else found]


def unsettled(document: Document) -> list[Record]:
    """The results that keep the run from passing: required, and failed, open or raised, or not run though asked for always."""
    return [r for r in results(document) if r["required"] and _keeps_open(document, r)]


def _keeps_open(document: Document, result: Record) -> bool:
    if result["status"] == "NOT_APPLICABLE":
        return asked(document, result) == "always"
    return result["status"] == "ERROR" or result["verdict"] in ("FAIL", "INCONCLUSIVE")


def in_family(result: Record) -> str:
    """What a check counts for in its family: one that raised could not tell, so its family does not pass without it."""
    return "INCONCLUSIVE" if result["status"] == "ERROR" else verdict_of(result)


def family_verdict(document: Document, family: str) -> str:
    """Verdict of a family: the worst of those of its checks that were run; NOT_RUN when none was."""
    return worst(v for r in results(document, family) if (v := in_family(r)) != "NOT_RUN")


def told(document: Document, family: str) -> list[Record]:
    """The results of a family that count in it, the worst first, measured ones before those that raised."""
    held = [r for r in results(document, family) if in_family(r) != "NOT_RUN"]
    return sorted(held, key=lambda r: (RANK.index(in_family(r)), r["status"] == "ERROR"))


def families(document: Document) -> list[str]:
    """Families with a check in the document, the worst first."""
    found = list(dict.fromkeys(r["family"] for r in results(document)))
    order = list(FAMILIES)
    return sorted(found, key=lambda f: (RANK.index(family_verdict(document, f)), order.index(f)))


def all_families(document: Document) -> list[str]:
    """All twelve families, the worst first; one without a check in the document counts as not run."""
    order = list(FAMILIES)
    return sorted(order, key=lambda f: (RANK.index(family_verdict(document, f)), order.index(f)))


def why_absent(document: Document, family: str) -> str:
    """Why a family has no check in the document."""
    named = next((s["why"] for s in left_out(document) if s["what"] == family), None)
    plan = document.get("plan", {})
    if named is None and plan.get("narrowed"):
        return "the run was narrowed to other checks"
    return str(named or f"no check of this family is in suite {plan.get('suite', 'of this run')}")


def measurements(
    document: Document, *metrics: str, check: str | None = None, family: str | None = None
) -> Iterator[Record]:
    """Measurements of some metrics with their `check`, once each: of several limits the worst verdict, with all limits."""
    for result in results(document, family):
        if check is None or result["check"] == check:
            held = (m for m in merged(result["measurements"]) if not metrics or m["metric"] in metrics)
            yield from (m | {"check": result["check"]} for m in held)


def merged(measured: Sequence[Record]) -> list[dict[str, Any]]:
    """Measurements by metric and subject, with `limits` (all) and the worst `verdict`."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for m in measured:
        held = found.setdefault((m["metric"], m["subject"]), {**m, "limits": []})
        if m["limit"] is not None:
            held["limits"].append(m["limit"])
        if _rank(m["verdict"]) < _rank(held["verdict"]):
            held.update(verdict=m["verdict"], limit=m["limit"], note=m["note"], counts=m["counts"])
    return list(found.values())


def _rank(verdict: str | None) -> int:
    return RANK.index(verdict or "NO_LIMIT")


def excess(m: Record) -> float:
    """How far a value lies beyond its soft limit, in units of the distance between the limits: what is sorted by."""
    limit, value = m["limit"], m["value"]
    if value is None or limit is None:
        return float("-inf")
    soft = limit["warn"] if limit["warn"] is not None else limit["fail"]
    hard = limit["fail"] if limit["fail"] is not None else soft
    scale = abs(hard - soft) or abs(soft) or 1.0
    return float((value - soft) / scale if limit["worse"] == "above" else (soft - value) / scale)


def by_badness(measured: Iterable[Record]) -> list[Record]:
    """The worst first: by verdict, those that count first, what the check is about, the furthest beyond its limit, what names a place."""
    return sorted(
        measured,
        key=lambda m: (
            _rank(m["verdict"]), not m["counts"], (m["limit"] or {}).get("supporting", False), -excess(m), m["subject"].startswith("model"),
        ),
    )  # fmt: skip


def telling(result: Record) -> Record | None:
    """The measurement that a check's verdict rests on; None when nothing was judged."""
    judged = [m for m in merged(result["measurements"]) if m["verdict"] is not None]
    same = [m for m in judged if m["verdict"] == result["verdict"]] or judged
    if result["verdict"] == "FAIL":
        return max(by_badness(same), key=_surely, default=None)
    return next(iter(by_badness(same)), None)


def _surely(m: Record) -> tuple[bool, float]:
    """How far at least it lies beyond its limit: of two failures the larger one may only be of fewer rows."""
    worse = (m["limit"] or {}).get("worse")
    near = {"above": m["low"], "below": m["high"]}.get(str(worse))
    return bool(m["counts"]), excess(m if near is None else {**m, "value": near})


def about(m: Record, kind: str) -> str | None:
    """The name in one of a measurement's atoms: ``about(m, "rows")``."""
    return atoms(m["subject"]).get(kind)


def is_prior(m: Record) -> bool:
    """Whether it is the prior's own value."""
    return about(m, "rows") == "prior"


def not_run(document: Document, family: str) -> list[Record]:
    """Results of a family that were not measured."""
    return [r for r in results(document, family) if r["status"] != "MEASURED"]


def left_out(document: Document) -> list[Record]:
    """What the plan did not hold: `{what, why}`."""
    return list(document.get("plan", {}).get("not_tested", ()))


def unconfined(document: Document) -> bool:
    """Whether models that run code were allowed, and would have been loaded, without full isolation."""
    held = document["environment"]
    return bool(held.get("allow_unconfined")) and held["isolation"] in ("partial", "process")
