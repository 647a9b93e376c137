"""Results in sentences: value, interval, limit, n."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import fmt
from .reading import (
    Document,
    Record,
    all_families,
    by_badness,
    family_verdict,
    in_family,
    measurements,
    merged,
    results,
    telling,
    told,
    verdict_of,
    why_absent,
)
from .subject_words import note_words, subject_words
from .words import FAMILIES, OVERALL, VERDICTS, limit_words, metric_kind, metric_label


def measurement_sentence(m: Record) -> str:
    """``AUC of model 0.842 [0.836, 0.848], below 0.80 attention, n = 20,000.``"""
    kind = metric_kind(m["metric"])
    subject = subject_words(m["subject"])
    of = "" if subject == "model" else f", {subject}"
    if m["value"] is None:
        return f"{metric_label(m['metric'])}{of}: not defined ({m['note'] or 'no reason given'})."
    digits = digits_of(m)
    parts = [f"{metric_label(m['metric'])}{of}: {fmt.shown(m['value'], kind, digits)}"]
    ends = fmt.interval(m["low"], m["high"], kind, digits)
    limit = limit_words(m["limit"], kind)
    if ends:
        parts[0] += f" {ends}" if ends.startswith("[") else f" ({ends})"
    parts += [f"limit: {limit}"] if limit else []
    parts += [f"n = {fmt.count(m['n'])}"]
    return ", ".join(parts) + "."


def digits_of(m: Record) -> int:
    """Decimals at which value and limits of a measurement read differently if they are."""
    limit = m["limit"] or {}
    seen, limits = (m["value"], m["low"], m["high"]), (limit.get("warn"), limit.get("fail"))
    return fmt.digits_apart(seen, limits, metric_kind(m["metric"]))


def result_sentence(result: Record) -> str:
    """One line on a check; under what cannot be told, also the worst of what can."""
    return _rests_on(result) + _told_besides(verdict_of(result), merged(result["measurements"]))


def _rests_on(result: Record) -> str:
    if result["status"] != "MEASURED":
        why = "error: " if result["status"] == "ERROR" else ""
        return f"Not run: {why}{result['reason'] or 'no reason given'}"
    m = telling(result)
    doubt = f" {doubt_words(result)}" if result["reason"] else ""
    if m is not None:
        return measurement_sentence(m) + doubt
    numbers = len(result["measurements"])
    counted = f"{numbers} number{'s' if numbers > 1 else ''}, without a limit."
    return (counted if numbers else "Nothing to measure.") + doubt


def _told_besides(verdict: str, measured: Iterable[Record]) -> str:
    """The worst Attention beside a verdict that is open: to lack rows for one thing must not hide another."""
    told = by_badness(m for m in measured if m["verdict"] == "WARN") if verdict == "INCONCLUSIVE" else []
    return f" Attention for: {measurement_sentence(told[0])}" if told else ""


def family_sentence(document: Document, family: str) -> str:
    """One line on a family: that of its worst check; under what cannot be told, also the worst of what can."""
    run = told(document, family)
    if run:
        raised = f"{run[0]['check']} {run[0]['title']} could not be measured: {run[0]['reason'] or 'no reason given'}."
        rests = raised if run[0]["status"] == "ERROR" else _rests_on(run[0])
        return rests + _told_besides(in_family(run[0]), measurements(document, family=family))
    held = results(document, family)
    open_ = [r for r in held if not str(r["reason"]).startswith(NEVER)] or held
    return result_sentence(open_[0]) if held else f"Not run: {why_absent(document, family)}."


_PLANTED = re.compile(r"(planted fault (?:of twice the tolerance )?)\((\w+)(?:, (-?\d+(?:\.\d+)?(?:e-?\d+)?))?\)")
TOLD = ("FAIL", "WARN", "INCONCLUSIVE")
NEVER = "applies to "  # how the reason begins where nothing that is provided would make a check run
ISOLATION = {
    "full": "in a process of its own, its files and its system calls restricted by the kernel (Landlock and seccomp)",
    "partial": "in a process of its own, only one of Landlock and seccomp in force",
    "process": "in a process of its own with limits on memory and time, neither Landlock nor seccomp in force",
}


def isolation_sentence(environment: Record) -> str:
    """How models were kept apart, and whether code was let in all the same."""
    level = str(environment["isolation"])
    if level not in ISOLATION:
        return "No model was called."
    lower = level != "full" and environment.get("allow_unconfined")
    allowed = " Models that run code were allowed all the same (--allow-unconfined)." if lower else ""
    return f"Isolation of models: {level}, each {ISOLATION[level]}.{allowed}"


def overall_sentence(document: Document) -> str:
    """``Failed. 2 of 6 families fail: Feature drift, Noise.``"""
    counts: dict[str, list[str]] = {}
    for family in all_families(document):
        verdict = family_verdict(document, family)
        counts.setdefault(verdict, []).append(FAMILIES[family].title)
    parts = [f"{len(names)} {VERDICTS[v].word.lower()}: {', '.join(names)}" for v, names in counts.items()]
    return f"{OVERALL[document['verdict']].rule} {'; '.join(parts)}."


def project_sentence(document: Mapping[str, Any]) -> str:
    """``credit 1.5.0, binary, default; 20,000 test rows; policy tier 2.``"""
    project, policy = document["project"], document["policy"]
    test = document["inputs"]["data"].get("test") or {}
    rows = (
        f"{fmt.count(test['rows'])} test rows{' read' if document.get('plan', {}).get('rows') else ''}"
        if test.get("rows")
        else "no test rows"
    )
    task = f"{project['task']['type']}, target {project['task']['target']}"
    suite = document.get("plan", {}).get("suite")
    kind = f" · suite {suite}" if suite else ""
    return f"{project['id']} {project['version']} · {task} · {rows} · policy {policy['id']}{kind}"


def open_ends(result: Record) -> str:
    """What lies behind a check that does not pass; where these rows cannot tell, what they could have shown and how many would."""
    m = telling(result)
    if m is None or result["verdict"] not in TOLD:
        return ""
    kind = metric_kind(m["metric"])
    able = f"These {fmt.count(m['n'])} rows can show an effect of {fmt.effect(m['mde'], kind)} or more (power 80 %)."
    seen = "" if m["mde"] is None or result["verdict"] != "INCONCLUSIVE" else able
    return " ".join(filter(None, (seen, note_sentence(m))))


def doubt_words(result: Record) -> str:
    """Why a measured check is not believed, with its metric in words; else empty."""
    reason = _PLANTED.sub(lambda found: f"{found[1]}{_planted(found[2], found[3])}", str(result["reason"] or ""))
    return f"{reason}." if reason else ""


def _planted(metric: str, size: str | None) -> str:
    return f"({metric_label(metric)}{f', {fmt.exact(float(size), metric_kind(metric))}' if size else ''})"


def note_sentence(m: Record) -> str:
    """A measurement's note as a sentence; one that begins with a feature keeps the feature's name."""
    note = note_words(m["note"], metric_kind(m["metric"]))
    first = note[:1] if note.partition(" ")[0].endswith(":") else note[:1].upper()
    return f"{first}{note[1:]}." if note else ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A family in a few lines: the number that tells with its interval, what of, its limit, what this n can show, why, and what else."""

    value: str
    what: str
    bounds: str = ""
    limit: str = ""
    shows: str = ""
    note: str = ""
    besides: str = ""


def tile(document: Document, family: str) -> Tile:
    """The number that a family's verdict rests on; the words "Not run" stand in a number's place."""
    run = told(document, family)
    if not run:
        why = family_sentence(document, family).removeprefix("Not run: ")
        return Tile("Not run", f"{why[:1].upper()}{why[1:]}")
    m = telling(run[0])
    if m is None or m["value"] is None:
        return Tile(fmt.NONE, family_sentence(document, family))
    kind, digits = metric_kind(m["metric"]), digits_of(m)
    limit = limit_words(m["limit"], kind)
    ends = fmt.interval(m["low"], m["high"], kind, digits)
    parts = (metric_label(m["metric"]), subject_words(m["subject"]))
    least = "" if m["mde"] is None else f", enough to show an effect of {fmt.effect(m['mde'], kind, digits)} or more"
    return Tile(
        value=fmt.shown(m["value"], kind, digits),
        what=", ".join(p for p in parts if p != "model"),
        bounds=ends,
        limit=f"Limit: {limit}" if limit else "",
        shows=f"n = {fmt.count(m['n'])}{least}",
        note=doubt_words(run[0]) or (note_sentence(m) if m["verdict"] in TOLD else ""),
        besides=_told_besides(in_family(run[0]), measurements(document, family=family)).strip(),
    )


def family_hint(document: Document, family: str) -> str:
    """What would settle a family that is open, and what of it was not run."""
    held = sorted(results(document, family), key=lambda r: list(VERDICTS).index(verdict_of(r)))
    run = [r for r in held if r["status"] == "MEASURED"]
    skipped = [r["check"] for r in held if r["status"] != "MEASURED"]
    left = f"Not run: {', '.join(skipped)}; the reasons stand under Checks." if run and skipped else ""
    return " ".join(filter(None, (open_ends(run[0]) if run else "", left)))


def why_not_run(result: Record) -> str:
    """The reason with the way out."""
    return result_sentence(result).removeprefix("Not run: ")


def reasons(skipped: Sequence[Record]) -> dict[str, list[str]]:
    """Why checks were not run: the checks by reason."""
    found: dict[str, list[str]] = {}
    for result in skipped:
        found.setdefault(why_not_run(result), []).append(f"{result['check']} {result['title']}")
    return found


def command(project: Path, code: str) -> str:
    """The command that measures one check again."""
    return f"seatrial run {shlex.quote(str(project))} --check {code}"
