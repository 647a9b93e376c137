"""One metric of two runs, drawn: A open, B filled."""

from collections.abc import Mapping

from . import fmt
from .chart import Chart, Palette
from .diff import Difference, NumberChange
from .diff_words import CHANCE, number_line
from .marks import dots
from .tables import dot_of, dot_table
from .words import metric_kind, metric_label

MOST_DOTS = 30


def choices(found: Difference) -> Mapping[str, str]:
    """Metrics that differ and have a value on both sides, by ``CODE metric``: those with a limit first."""
    held = [n for n in found.numbers if _both(n)]
    limited = sorted(held, key=lambda n: not n.either["limits"])
    return {_name(n): f"{n.code} {metric_label(n.either['metric'])}" for n in limited}


def chart(found: Difference, name: str, colours: Palette) -> Chart:
    """The subjects of a metric that differ, in the order of the difference."""
    held = [n for n in found.numbers if _name(n) == name and _both(n)]
    rows = [dot_of(n.after or {}, None, n.before) for n in held]
    metric = held[0].either["metric"]
    drawn = dots(rows[:MOST_DOTS], colours, kind=metric_kind(metric))
    for trace in drawn["data"]:
        trace["name"] = "A" if trace["name"] == "prior" else "B"
    more = f" The first {MOST_DOTS} of {len(rows)} are drawn." if len(rows) > MOST_DOTS else ""
    return Chart(
        key="metric",
        title=f"{metric_label(metric)}: A open, B filled",
        figure=drawn,
        table=dot_table(rows, metric_kind(metric)),
        alt=f"{fmt.count(len(rows))} subjects differ; first: {number_line(held[0])}",
        caption=f"Only what differs is drawn. {CHANCE}{more}",
    )


def _name(n: NumberChange) -> str:
    return f"{n.code} {n.either['metric']}"


def _both(n: NumberChange) -> bool:
    return all(m is not None and m["value"] is not None for m in (n.before, n.after))
