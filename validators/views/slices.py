"""Slices: where the candidate is worse than it should be, and everything known of each slice."""

from collections.abc import Collection, Sequence

from . import fmt
from .chart import Chart, Dot, Palette, Row, Table
from .marks import dots
from .reading import Document, Record, about, by_badness, is_prior, measurements
from .subject_words import note_words, subject_words
from .tables import dot_of, dot_table, verdict_text
from .words import metric_kind, metric_label

MOST_DOTS = 40


def slice_measurements(document: Document) -> list[Record]:
    """Measurements about slices, the prior's own apart."""
    held = measurements(document, family="performance")
    return [m for m in held if about(m, "slice") is not None and not is_prior(m)]


def metrics(document: Document) -> list[str]:
    """Metrics that slices have, judged ones first."""
    held = slice_measurements(document)
    judged = [m["metric"] for m in held if m["limits"]]
    return list(dict.fromkeys([*judged, *(m["metric"] for m in held)]))


def choices(document: Document) -> list[str]:
    """Metrics that slices can be sorted by: all but plain counts."""
    return [name for name in metrics(document) if metric_kind(name) != "count"]


def largest(document: Document) -> int:
    """Rows of the largest slice."""
    return max((m["n"] for m in slice_measurements(document)), default=0)


def chosen(
    document: Document, metric: str, *, min_rows: int = 0, verdicts: Collection[str] = (), search: str = "all"
) -> list[Record]:
    """Slices with a value of the metric, the worst first. `search`: all, declared or searched."""
    wanted = {"declared": "PRF201", "searched": "PRF202"}.get(search)
    held = [
        m
        for m in measurements(document, metric, family="performance", check=wanted)
        if about(m, "slice") is not None and not is_prior(m) and m["value"] is not None and m["n"] >= min_rows
    ]
    return [m for m in by_badness(held) if not verdicts or (m["verdict"] or "NO_LIMIT") in verdicts]


def chart(document: Document, held: Sequence[Record], colours: Palette) -> Chart | None:
    """Dots of the chosen slices, the worst on top, the prior's open."""
    if not held:
        return None
    metric = held[0]["metric"]
    prior = {
        (m["check"], m["subject"].removesuffix(" | rows:prior")): m
        for m in measurements(document, f"prior_{metric}", metric)
        if is_prior(m)
    }
    rows = [_dot(m, prior.get((m["check"], m["subject"]))) for m in held[:MOST_DOTS]]
    kind = metric_kind(metric)
    more = f" The worst {MOST_DOTS} of {len(held)} are drawn." if len(held) > MOST_DOTS else ""
    return Chart(
        key="slices",
        title=f"{metric_label(metric)}, worst first",
        figure=dots(rows, colours, kind=kind, width=34),
        table=dot_table(rows, kind, name="Slice"),
        alt=f"{len(held)} slices by {metric_label(metric).lower()}; worst: {rows[0].hover}",
        caption="Intervals hold for all slices together. Hollow: a small slice; it can alarm, but not leave the check open."
        f"{more} Select dots to filter the table.",
    )


def _dot(m: Record, prior: Record | None) -> Dot:
    return dot_of(m, f"{fmt.cut_short(subject_words(m['subject']), 56)}  n={fmt.count(m['n'])}", prior)


def table(document: Document, held: Sequence[Record], only: Collection[str] = ()) -> Table:
    """One row a slice and check with all its metrics; `only` keeps the subjects that were selected."""
    names = metrics(document)
    values = {(m["check"], m["subject"], m["metric"]): m["value"] for m in slice_measurements(document)}
    rows: list[Row] = []
    for m in held:
        if only and m["subject"] not in only:
            continue
        row: Row = {
            "Slice": subject_words(m["subject"]), "Check": m["check"], "Rows": m["n"], "Verdict": verdict_text(m["verdict"]),
        }  # fmt: skip
        for name in names:
            row[metric_label(name)] = values.get((m["check"], m["subject"], name))
            if name == m["metric"]:
                row |= {"Low": m["low"], "High": m["high"]}
        row["Note"] = note_words(m["note"], metric_kind(m["metric"]))
        rows.append(row)
    kinds = {metric_label(name): metric_kind(name) for name in names} | {"Rows": "count"}
    if held:
        kinds |= dict.fromkeys(("Low", "High"), metric_kind(held[0]["metric"]))
    return Table(rows=rows, kinds=kinds)


def condition(subject: str) -> str:
    """The slice as a line of the project file: ``name = "age < 25 & region == EU"``."""
    return subject.removeprefix("slice:").split(" | ")[0]
