"""Tables: checks, measurements, inputs, and the rows under every chart."""

from collections.abc import Iterable, Sequence

from . import fmt
from .chart import Dot, Row, Table
from .reading import Document, Record, by_badness, families, left_out, merged, need, results, telling, verdict_of
from .sentences import digits_of, measurement_sentence, reasons, result_sentence
from .subject_words import note_words, subject_words
from .words import FAMILIES, RANK, VERDICTS, limits_words, metric_kind, metric_label

MOST_ROWS = 10_000


def verdict_text(verdict: str | None) -> str:
    """``✕ Fail``: a sign and a word, never colour alone."""
    words = VERDICTS[verdict or "NO_LIMIT"]
    return f"{words.sign} {words.word}"


def check_rows(document: Document) -> list[Row]:
    """One row a check, the worst first, with the measurement that its verdict rests on."""
    ordered = [r for family in families(document) for r in results(document, family)]
    return [_check_row(document, r) for r in sorted(ordered, key=lambda r: RANK.index(verdict_of(r)))]


def _check_row(document: Document, result: Record) -> Row:
    m = telling(result)
    row: Row = {
        "Verdict": verdict_text(verdict_of(result)),
        "Check": f"{result['check']} {result['title']}",
        "Value": "",
        "Interval": "",
        "Limit": "",
        "Rests on": "",
        "n": None,
        "Needed": need(document, result),
        "Seconds": result["seconds"],
    }
    if m is None:
        return row | {"Rests on": result_sentence(result).removeprefix("Not run: ")}
    held, subject = _measurement_row(m), subject_words(m["subject"])
    of = "" if subject == "model" else f", {subject}"
    return row | {"Rests on": f"{held['Metric']}{of}", **{k: held[k] for k in ("Value", "Interval", "Limit", "n")}}


def measurement_table(measured: Iterable[Record]) -> Table:
    """Every measurement as text, the worst first: what an unknown metric is shown with."""
    rows = [_measurement_row(m) for m in by_badness(measured)[:MOST_ROWS]]
    return Table(rows=rows, kinds={"n": "count", "n eff": "count"})


def _measurement_row(m: Record) -> Row:
    kind, digits = metric_kind(m["metric"]), digits_of(m)
    limits = m["limits"] if "limits" in m else [m["limit"]]
    return {
        "Metric": metric_label(m["metric"]),
        "Subject": subject_words(m["subject"]),
        "Verdict": verdict_text(m["verdict"]),
        "Value": fmt.shown(m["value"], kind, digits),
        "Interval": fmt.interval(m["low"], m["high"], kind, digits),
        "Limit": limits_words([held for held in limits if held], kind),
        "n": m["n"],
        "n eff": None if m["n_eff"] is None else round(m["n_eff"]),
        "Smallest effect seen": "" if m["mde"] is None or m["limit"] is None else fmt.effect(m["mde"], kind),
        "Note": note_words(m["note"], kind),
    }


GROUPINGS = {
    "entity": "Rows of one entity count as one draw in every interval; n eff is the effective number of rows.",
    "day": "Rows of one day count as one draw in every interval; n eff is the effective number of rows.",
    "row": "Every row counts as a draw of its own in the intervals; n eff is the effective number of rows.",
}


def grouping_sentence(document: Document) -> str:
    """What the intervals take as dependent; empty where the run does not say."""
    return GROUPINGS.get(str(document["inputs"].get("grouping")), "")


def result_tables(result: Record) -> list[tuple[str, Table]]:
    """Tables of one check: what is judged, then each other metric by itself."""
    held = merged(result["measurements"])
    judged = [m for m in held if m["limits"]]
    rest = [m for m in held if not m["limits"]]
    tables = [("Judged", _lean(measurement_table(judged)))] if judged else []
    return tables + [
        (metric_label(metric), _lean(measurement_table(m for m in rest if m["metric"] == metric), "Metric", "Verdict"))
        for metric in dict.fromkeys(m["metric"] for m in rest)
    ]


def _lean(table: Table, *told: str) -> Table:
    """A table without the columns that are told beside it and those that are empty."""
    kept = [k for k in table.rows[0] if k not in told and any(row[k] not in ("", None) for row in table.rows)]
    return Table(rows=[{k: row[k] for k in kept} for row in table.rows], kinds=table.kinds)


def dot_table(rows: Sequence[Dot], kind: str, *, name: str = "Subject") -> Table:
    """The table of a dot chart, with numbers as numbers."""
    with_prior = any(r.other is not None for r in rows)
    held = []
    for r in rows:
        row: Row = {name: r.label, "n": r.n, "Value": r.value, "Low": r.low, "High": r.high}
        if with_prior:
            row["Prior"] = None if r.other is None else r.other[0]
        held.append(row)
    kinds = dict.fromkeys(("Value", "Low", "High", "Prior"), kind) | {"n": "count"}
    return Table(rows=held, kinds=kinds)


def dot_of(m: Record, label: str | None = None, other: Record | None = None) -> Dot:
    """A measurement as a dot with its limits; it must have a value."""
    limits = {
        (limit[end], word)
        for limit in m.get("limits", [])
        for end, word in (("warn", "attention"), ("fail", "fail"))
        if limit[end] is not None
    }
    prior = None
    if other is not None and other["value"] is not None:
        prior = (other["value"], other["low"], other["high"])
    return Dot(
        label=label if label is not None else subject_words(m["subject"]),
        subject=m["subject"],
        value=m["value"],
        low=m["low"],
        high=m["high"],
        n=m["n"],
        hover=measurement_sentence(m),
        small=m["n"] < 30 or not m["counts"],
        limits=tuple(sorted(limits)),
        other=prior,
    )


def not_tested_rows(document: Document) -> list[Row]:
    """What was not tested, a row per reason: checks that were not run, then what the plan left out."""
    named: dict[str, str] = {key: words.title for key, words in FAMILIES.items()}
    held = reasons([r for r in results(document) if r["status"] != "MEASURED"])
    for s in left_out(document):
        held.setdefault(str(s["why"]), []).append(named.get(s["what"], str(s["what"])))
    return [{"What": ", ".join(what), "Why": why} for why, what in held.items()]


def column_rows(document: Document) -> list[Row]:
    """Columns by their part in the trial."""
    project = document["project"]
    special = [(project["task"]["target"], "target")]
    special += [(project[k], k) for k in ("entity", "time", "weight") if project.get(k)]
    rows = [{"Column": name, "Part": part} for name, part in special]
    rows += [{"Column": name, "Part": "feature"} for name in project["features"]]
    return rows + [{"Column": name, "Part": "sensitive"} for name in project["sensitive"]]
