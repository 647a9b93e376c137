"""report.html: a run as one page, without script, without anything that is not in the results document."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape as escape_html

from . import fmt
from .forest import USUAL
from .packs import pack_sentences, pack_table
from .reading import (
    Document,
    Record,
    by_badness,
    families,
    family_verdict,
    left_out,
    merged,
    need,
    results,
    unconfined,
    verdict_of,
)
from .sentences import digits_of, family_sentence, isolation_sentence, overall_sentence, result_sentence
from .subject_words import note_words, subject_words
from .svg import interval_strip
from .tables import grouping_sentence
from .words import FAMILIES, OVERALL, VERDICTS, limit_words, metric_kind, metric_label

MOST_JUDGED, MOST_OTHERS = 200, 40
STYLE = """
:root { color: #0b1320; background: #fff; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.65rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .3rem; border-top: 1px solid #d5dae1; padding-top: 1rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
p { margin: .3rem 0; } .quiet { color: #4a5463; } code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .88rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e5e9ee; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.v { font-weight: 650; white-space: nowrap; padding: .1rem .5rem; border-radius: 4px; border: 1px solid; }
.red { color: #a3180f; } .orange { color: #8a4b00; } .green { color: #0b6b3a; } .violet { color: #5b3a9b; } .gray { color: #4a5463; }
@media print { body { max-width: none; margin: 0; } h2, h3 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def escape(text: object) -> str:
    """A text as HTML that shows it as it is, and in which nothing acts unseen."""
    return escape_html(fmt.visible(text))


def report_html(document: Document) -> str:
    """The page. Everything in it comes from the document; every text of it is escaped.

    A check shows all that was judged up to 200 measurements, the worst first, and up to 40 others; how many are left out is said.
    """
    project = document["project"]
    title = f"{project['id']} {project['version']}: {OVERALL[document['verdict']].word}"
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        *_head(document),
        *_contents(document),
        *_inputs(document),
        *_not_tested(document),
        *(part for family in families(document) for part in _family(document, family)),
        *_foot(document),
        "</body></html>\n",
    ]
    return "".join(parts)


def _head(document: Document) -> Iterable[str]:
    project, task, words = document["project"], document["project"]["task"], OVERALL[document["verdict"]]
    yield f"<h1>{escape(str(project['id']))} {escape(str(project['version']))}</h1>"
    yield f'<p class="quiet">{escape(task["type"])}, target <code>{escape(str(task["target"]))}</code>'
    if task.get("threshold") is not None:
        yield f", positive class {escape(str(task['positive']))} from a score of {task['threshold']:g}"
    yield "</p>"
    yield f'<p><span class="v {words.colour}">{words.sign} {words.word}</span> {escape(overall_sentence(document))}</p>'
    if unconfined(document):
        yield f'<p><span class="v red">✕ Not confined</span> {escape(isolation_sentence(document["environment"]))}</p>'


def _contents(document: Document) -> Iterable[str]:
    yield "<h2>What was tested</h2>"
    rows = [
        [_badge(family_verdict(document, f)), escape(FAMILIES[f].title), escape(family_sentence(document, f))]
        for f in families(document)
    ]
    yield _table(("Verdict", "Family", "What it rests on"), rows)


def _inputs(document: Document) -> Iterable[str]:
    inputs = document["inputs"]
    yield "<h2>Inputs</h2>"
    rows = [["project file", "seatrial.toml", _hash(inputs.get("project")), "", ""]]
    for name, held in inputs.get("model", {}).items():
        if held is not None:
            kind = " ".join(str(held[k]) for k in ("format", "class") if held.get(k))
            kind += f", holds {', '.join(held['types'])}" if held.get("types") else ""
            rows.append([f"{name} model", escape(held["file"]), _hash(held), "", escape(kind)])
    for role, held in inputs.get("data", {}).items():
        labelled = "" if held["labelled"] is None else f"{fmt.count(held['labelled'])} with an outcome"
        rows.append([f"{role} data", escape(held["file"]), _hash(held), fmt.count(held["rows"]), labelled])
    for name, held in inputs.get("code", {}).items():
        rows.append(["code", escape(name), _hash(held), "", ""])
    if inputs.get("scenarios"):
        rows.append(["scenarios", escape(inputs["scenarios"]["file"]), _hash(inputs["scenarios"]), "", ""])
    if inputs.get("prior_snapshot"):
        rows.append(
            ["prior snapshot", escape(inputs["prior_snapshot"]["file"]), _hash(inputs["prior_snapshot"]), "", ""]
        )
    policy = document["policy"]
    rows.append(["policy", escape(f"{policy['id']} {policy['version']}, tier {policy['tier']}"), _hash(policy), "", ""])
    yield _table(("What", "File", "SHA-256", "Rows", ""), rows, numbers=(3,))


def _not_tested(document: Document) -> Iterable[str]:
    rows = [
        [escape(r["check"]), escape(r["title"]), escape(result_sentence(r).removeprefix("Not run: "))]
        for r in results(document)
        if r["status"] != "MEASURED"
    ]
    rows += [[escape(s["what"]), "", escape(s["why"])] for s in left_out(document)]
    yield "<h2>What was not tested</h2>"
    yield _table(("Check", "", "Why"), rows) if rows else "<p>Everything in the catalog was run.</p>"


def _family(document: Document, family: str) -> Iterable[str]:
    words = FAMILIES[family]
    yield f"<h2>{escape(words.title)} {_badge(family_verdict(document, family))}</h2>"
    yield f'<p class="quiet">{escape(words.question)} {escape(grouping_sentence(document))}</p>'
    if family == "bias":
        yield from _packs(document)
    for result in results(document, family):
        yield f"<h3>{escape(result['check'])} {escape(result['title'])} {_badge(verdict_of(result))}</h3>"
        yield f'<p>{escape(result_sentence(result))} <span class="quiet">({need(document, result)})</span></p>'
        yield from _measurements(result)


def _packs(document: Document) -> Iterable[str]:
    table = pack_table(document)
    if table is not None:
        yield "<h3>Policy packs</h3>"
        yield from (f'<p class="quiet">{escape(sentence)}</p>' for sentence in pack_sentences(document))
        yield _table(tuple(table.rows[0]), [[escape(str(cell)) for cell in row.values()] for row in table.rows])


def _measurements(result: Record) -> Iterable[str]:
    held = by_badness(merged(result["measurements"]))
    judged, others = [m for m in held if m["limits"]], [m for m in held if not m["limits"]]
    if judged:
        heads = ("Metric", "Subject", "Value", "Interval", "", "Limit", "n", "n eff", "Verdict", "Note")
        yield _table(heads, [_judged_row(m) for m in judged[:MOST_JUDGED]], numbers=(2, 3, 6, 7))
    if others:
        shorter = ("Metric, without a limit", "Subject", "Value", "Interval", "n", "Note")
        yield _table(shorter, [_other_row(m) for m in others[:MOST_OTHERS]], numbers=(2, 3, 4))
    left = max(len(judged) - MOST_JUDGED, 0) + max(len(others) - MOST_OTHERS, 0)
    if left:
        yield f'<p class="quiet">{left:,} further measurements stand in results.json.</p>'


def _judged_row(m: Record) -> list[str]:
    kind, digits = metric_kind(m["metric"]), digits_of(m)
    limits = "; ".join(limit_words(limit, kind) for limit in m["limits"])
    return [
        escape(metric_label(m["metric"])),
        escape(subject_words(m["subject"])),
        fmt.shown(m["value"], kind, digits),
        _interval(m, kind, digits),
        interval_strip(m),
        escape(limits),
        fmt.count(m["n"]),
        "" if m["n_eff"] is None else fmt.count(round(m["n_eff"])),
        _badge(m["verdict"] or "NO_LIMIT") + ("" if m["counts"] else " small"),
        escape(note_words(m["note"], metric_kind(m["metric"]))),
    ]


def _interval(m: Record, kind: str, digits: int) -> str:
    """The ends, and the level where it is below the usual one."""
    level = f" ({100 * m['level']:.3g} %)" if m["low"] is not None and m["level"] and m["level"] < USUAL else ""
    return fmt.interval(m["low"], m["high"], kind, digits) + level


def _other_row(m: Record) -> list[str]:
    kind = metric_kind(m["metric"])
    return [
        escape(metric_label(m["metric"])),
        escape(subject_words(m["subject"])),
        fmt.shown(m["value"], kind, digits_of(m)),
        _interval(m, kind, digits_of(m)),
        fmt.count(m["n"]),
        escape(note_words(m["note"], metric_kind(m["metric"]))),
    ]


def _foot(document: Document) -> Iterable[str]:
    plan, held, run = document["plan"], document["environment"], document.get("run", {})
    packages = ", ".join(f"{name} {version}" for name, version in held["packages"].items())
    yield "<h2>How it was run</h2>"
    yield _table(
        ("", ""),
        [
            ["suite", escape(plan["suite"]) + (", narrowed to some checks" if plan["narrowed"] else "")],
            ["seed", escape(str(plan["seed"]))],
            ["rows per role", "all" if plan["rows"] is None else f"at most {plan['rows']:,}, by key hash"],
            ["run", escape(f"{run.get('id', '')} {fmt.moment(str(run.get('started', '')))}")],
            ["isolation of models", escape(isolation_sentence(held).removeprefix("Isolation of models: "))],
            ["software", escape(f"seatrial {held['seatrial']}, Python {held['python']}, {held['platform']}")],
            ["packages", escape(packages)],
        ],
    )
    yield (
        '<p class="quiet">Intervals are 95 % unless said otherwise, and simultaneous where a check judges several subjects. '
    )
    yield "This page is a view of results.json; the signed snapshot that holds both is the record.</p>"


def _badge(verdict: str) -> str:
    words = VERDICTS[verdict]
    return f'<span class="v {words.colour}">{words.sign} {words.word}</span>'


def _hash(held: Record | None) -> str:
    return f"<code>{escape(str(held['sha256']))}</code>" if held and held.get("sha256") else fmt.NONE


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of cells that are HTML already."""
    number = ' class="n"'

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}{number if i in numbers else ''}>{c}</{tag}>" for i, c in enumerate(row))

    head = f"<thead><tr>{cells('th', heads)}</tr></thead>" if any(heads) else ""
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'
