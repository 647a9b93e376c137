"""Charts of a family that needs no drawing of its own: estimates with intervals, one chart per metric, judged ones first."""

from collections.abc import Mapping

from . import fmt
from .chart import Chart, Palette
from .marks import dots
from .reading import Document, Record, by_badness, measurements
from .tables import dot_of, dot_table
from .words import metric_kind, metric_label

MOST_DOTS, MOST_CHARTS, MANY = 30, 6, 3


def charts(document: Document, family: str, colours: Palette) -> list[Chart]:
    """A chart of every metric with a limit, then of those without one that have several subjects."""
    held: dict[str, list[Record]] = {}
    for m in measurements(document, family=family):
        if m["value"] is not None:
            held.setdefault(m["metric"], []).append(m)
    judged = [name for name, found in held.items() if any(m["limit"] is not None for m in found)]
    others = [name for name, found in held.items() if name not in judged and len(found) >= MANY]
    worst = {name: by_badness(held[name]) for name in (*judged, *others)}
    order = sorted(judged, key=lambda name: -len(worst[name])) + others
    return [_forest(name, worst, colours) for name in order[:MOST_CHARTS]]


def _forest(metric: str, worst: Mapping[str, list[Record]], colours: Palette) -> Chart:
    rows, kind = [dot_of(m) for m in worst[metric]], metric_kind(metric)
    some = any(m["low"] is not None for m in worst[metric])
    cut = f" The first {MOST_DOTS} of {len(rows)} are drawn." if len(rows) > MOST_DOTS else ""
    return Chart(
        key=metric,
        title=metric_label(metric) + (", worst first" if len(rows) > 1 else ""),
        figure=dots(rows[:MOST_DOTS], colours, kind=kind, zero=kind in ("share", "count")),
        table=dot_table(rows, kind, name="Subject"),
        alt=f"{fmt.count(len(rows))} subjects; first: {rows[0].hover}",
        caption=(
            "Bars are confidence intervals, simultaneous over the rows of the chart."
            if some
            else "Counted, not estimated."
        )
        + cut,
    )
