"""Leakage: the metric without the suspects first, then the suspects, then what was counted."""

from . import forest
from .chart import Chart, Palette
from .marks import dots
from .reading import Document, Record, about, measurements
from .tables import dot_of, dot_table

WITHOUT = {
    "quality_without_shared": "without rows that train holds",
    "quality_without_near": "without near copies",
    "quality_without_late": "without late values",
}
REFITTED = {"quality_without": "learner without {}", "quality_without_gaps": "learner without {} (gaps)"}
ALL = ("quality_all_rows", "quality_refitted", *WITHOUT, *REFITTED)


def charts(document: Document, colours: Palette) -> list[Chart]:
    """The metric without suspects beside the metric with them; then the estimates of the family."""
    found = without_suspects(document, colours)
    rest = forest.charts(document, "leakage", colours, but=ALL)
    return rest if found is None else [found, *rest]


def without_suspects(document: Document, colours: Palette) -> Chart | None:
    """Dots of the metric on all rows and without each kind of suspects, candidate and refitted learner."""
    held = [m for m in measurements(document, *ALL, family="leakage") if m["value"] is not None]
    rows = [dot_of(m, "candidate, all test rows") for m in held if m["metric"] == "quality_all_rows"][:1]
    some = [m for m in held if m["metric"] in WITHOUT and (not rows or m["n"] < rows[0].n)]
    rows += [dot_of(m, f"candidate, {WITHOUT[m['metric']]}") for m in some]
    rows += [dot_of(m, "our learner, all features") for m in held if m["metric"] == "quality_refitted"][:1]
    rows += [dot_of(m, f"our {REFITTED[m['metric']].format(_names(m))}") for m in held if m["metric"] in REFITTED]
    if len(rows) < 2:
        return None
    lost = max(rows[1:], key=lambda r: rows[0].value - r.value)
    return Chart(
        key="without_suspects",
        title="The metric without the suspects, beside the metric with them",
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Rows and features"),
        alt=f"{rows[0].label}: {rows[0].value:.3f}; {lost.label}: {lost.value:.3f}.",
        caption="AUC (its mean over the classes; R2 / 2 in regression) on the test sample with 95 % intervals. Rows are left out and "
        "the candidate scored again on the rest; a feature can be left out only of a learner of our own, refitted without it.",
    )


def _names(m: Record) -> str:
    return str(about(m, "feature") or about(m, "features") or "")
