"""The difference between two results documents as lines of text and as rows of tables."""

from collections.abc import Iterator, Mapping, Sequence

from . import fmt
from .chart import Row
from .diff import CheckChange, Difference, NumberChange
from .reading import Document, Record, family_verdict, verdict_of
from .sentences import digits_of, result_sentence
from .subject_words import subject_words
from .tables import verdict_text
from .words import ASKED, FAMILIES, OVERALL, VERDICTS, limits_words, metric_kind, metric_label

CHANCE = (
    "A difference between two runs has no interval of its own here: whether a candidate is worse than its prior by more than "
    "chance is measured on the same rows, by a run that has both."
)


def lines(found: Difference, *, most: int = 20) -> Iterator[str]:
    """The difference as text: both sides, checks by verdict, then the measurements that differ most in what they mean."""
    for letter, document in (("A", found.a), ("B", found.b)):
        yield f"{letter}  {side_words(document)}"
    if found.inputs:
        yield f"Not the same: {', '.join(found.inputs)}"
    yield found.sentence
    for check in found.checks:
        yield f"  {check.code} {check.title}: {_said(check)}"
    for number in found.numbers[:most]:
        yield f"  {number_line(number)}"
    if len(found.numbers) > most:
        yield f"  and {fmt.count(len(found.numbers) - most)} more; --json lists all"
    if any(n.change == "number" for n in found.numbers):
        yield CHANCE


def side_words(document: Document) -> str:
    """``credit 1.5.0, run 2026..., policy house-medium 1.0.0: Failed``."""
    project, policy = document["project"], document["policy"]
    word = OVERALL[document["verdict"]].word
    return f"{project['id']} {project['version']}, run {document['run']['id']}, policy {policy['id']} {policy['version']}: {word}"


def number_line(held: NumberChange) -> str:
    """``DRF101 Shift (sigma) of income: 0.440 [0.370, 0.510] -> 0.310 [0.250, 0.370], Fail -> Attention``."""
    of = "" if held.either["subject"] == "model" else f", {subject_words(held.either['subject'])}"
    digits = max(digits_of(m) for m in (held.before, held.after) if m is not None)
    before, after = (_shown(m, digits) for m in (held.before, held.after))
    numbers = before if before == after else f"{before} -> {after}"
    words = [
        f"{VERDICTS[m['verdict'] or 'NO_LIMIT'].word}{_weight(m)}" if m else "absent" for m in (held.before, held.after)
    ]
    verdicts = "" if words[0] == words[1] else f", {words[0]} -> {words[1]}"
    limits = [_limits(m) for m in (held.before, held.after)]
    moved = f" (limit: {limits[0]} -> {limits[1]})" if verdicts and all(limits) and limits[0] != limits[1] else ""
    return f"{held.code} {metric_label(held.either['metric'])}{of}: {numbers}{verdicts}{moved}"


def _shown(m: Record | None, digits: int) -> str:
    if m is None:
        return "absent"
    kind = metric_kind(m["metric"])
    ends = fmt.interval(m["low"], m["high"], kind, digits)
    shown = ends if not ends or ends.startswith("[") else f"({ends})"
    return " ".join(filter(None, (fmt.shown(m["value"], kind, digits), shown)))


def _said(check: CheckChange) -> str:
    words = [ASKED.get(held, "") for held in check.asked]
    verdicts = [_word(held) for held in (check.before, check.after)]
    needs = f"{words[0]} -> {words[1]}" if all(words) and words[0] != words[1] else ""
    if check.change == "requirement":
        return f"{verdicts[0]}, {needs}"
    return ", ".join(filter(None, (f"{verdicts[0]} -> {verdicts[1]}", needs)))


def _word(result: Record | None) -> str:
    if result is None:
        return "absent"
    word = VERDICTS[verdict_of(result)].word
    return f"{word} (error)" if result["status"] == "ERROR" else word


def side_rows(a: Document, b: Document) -> list[Row]:
    """What stands on each side: model, run, policy, rows, files."""

    def facts(d: Document) -> Mapping[str, str]:
        project, inputs = d["project"], d["inputs"]
        candidate, test = (inputs["model"].get("candidate") or {}), (inputs["data"].get("test") or {})
        return {
            "Verdict": OVERALL[d["verdict"]].word,
            "Model": f"{project['id']} {project['version']}",
            "Policy": f"{d['policy']['id']} {d['policy']['version']}",
            "Run": str(d["run"]["id"]),
            "Suite": str(d["plan"]["suite"]),
            "Candidate (SHA-256)": fmt.digest(candidate.get("sha256")),
            "Test rows": fmt.count(test.get("rows")),
            "Test data (SHA-256)": fmt.digest(test.get("sha256")),
        }  # fmt: skip

    left, right = facts(a), facts(b)
    return [{"What": name, "A": left[name], "B": right[name]} for name in left]


def family_rows(a: Document, b: Document) -> list[Row]:
    """The verdict of every family on both sides."""
    return [
        {"Family": words.title, "A": verdict_text(family_verdict(a, f)), "B": verdict_text(family_verdict(b, f))}
        for f, words in FAMILIES.items()
    ]


def check_change_rows(checks: Sequence[CheckChange]) -> list[Row]:
    """Checks whose verdict differs, with the number that each verdict rests on."""
    return [
        {
            "Check": f"{c.code} {c.title}", "A": _signed(c.before), "B": _signed(c.after),
            "Needed in A": ASKED.get(c.asked[0], ""), "Needed in B": ASKED.get(c.asked[1], ""),
            "A rests on": "" if c.before is None else result_sentence(c.before),
            "B rests on": "" if c.after is None else result_sentence(c.after),
        }
        for c in checks
    ]  # fmt: skip


def _signed(result: Record | None) -> str:
    return "absent" if result is None else verdict_text(verdict_of(result))


def number_rows(numbers: Sequence[NumberChange], *, most: int = 2000) -> list[Row]:
    """Measurements that differ, at most so many."""
    return [
        {
            "Check": n.code, "Metric": metric_label(n.either["metric"]), "Subject": subject_words(n.either["subject"]),
            "A": _shown(n.before, digits_of(n.either)), "B": _shown(n.after, digits_of(n.either)),
            "Verdict in A": _judged(n.before),
            "Verdict in B": _judged(n.after),
            "Limit in A": _limits(n.before), "Limit in B": _limits(n.after),
        }
        for n in numbers[:most]
    ]  # fmt: skip


def _weight(m: Record) -> str:
    """Said of what is judged but does not count in its check's verdict: too few rows to tell the limit from no effect."""
    return "" if m["counts"] or m["verdict"] is None else ", does not count"


def _judged(m: Record | None) -> str:
    return "absent" if m is None else f"{verdict_text(m['verdict'])}{_weight(m)}"


def _limits(m: Record | None) -> str:
    if m is None:
        return ""
    kind = metric_kind(m["metric"])
    return limits_words(m["limits"], kind)
