"""Charts of a family that needs no drawing of its own: estimates with intervals, one chart per metric, judged ones first."""

from collections.abc import Collection, Mapping

from . import fmt
from .chart import Chart, Palette
from .marks import dots
from .reading import Document, Record, by_badness, measurements
from .tables import dot_of, dot_table
from .words import metric_kind, metric_label

MOST_DOTS, MOST_CHARTS, MANY = 30, 6, 3
USUAL = 0.95


def charts(document: Document, family: str, colours: Palette, *, but: Collection[str] = ()) -> list[Chart]:
    """A chart of every metric with a limit, then of those without one that have several subjects; `but` are drawn elsewhere."""
    held: dict[str, list[Record]] = {}
    for m in measurements(document, family=family):
        if m["value"] is not None and m["metric"] not in but:
            held.setdefault(m["metric"], []).append(m)
    judged = [name for name, found in held.items() if any(m["limit"] is not None for m in found)]
    others = [name for name, found in held.items() if name not in judged and len(found) >= MANY]
    worst = {name: by_badness(held[name]) for name in (*judged, *others)}
    order = sorted(judged, key=lambda name: (_quiet(worst[name]), -len(worst[name]))) + others
    drawn = [name for name in order if not _quiet(worst[name])] or order
    return [_forest(name, worst, colours) for name in drawn[:MOST_CHARTS]]


def _quiet(measured: list[Record]) -> bool:
    """Whether nothing was seen anywhere: all values are 0 and pass. Such a metric stands in the tables of its check only."""
    return all(m["value"] == 0 and m["verdict"] in ("PASS", None) for m in measured)


def _forest(metric: str, worst: Mapping[str, list[Record]], colours: Palette) -> Chart:
    held, kind = worst[metric], metric_kind(metric)
    rows, judged = [dot_of(m) for m in held], any(m["limit"] is not None for m in held)
    positive = all((m["value"] if m["low"] is None else m["low"]) >= 0 for m in held)
    zero = positive and (kind in ("share", "count") or not any(m["value"] for m in held))
    cut = f" The first {MOST_DOTS} of {len(rows)} are drawn." if len(rows) > MOST_DOTS else ""
    return Chart(
        key=metric,
        title=metric_label(metric) + (", worst first" if len(rows) > 1 and judged else ""),
        figure=dots(rows[:MOST_DOTS], colours, kind=kind, zero=zero),
        table=dot_table(rows, kind, name="Subject"),
        alt=f"{fmt.count(len(rows))} subjects; first: {rows[0].hover}",
        caption=bars_words(held) + cut,
    )


def bars_words(held: list[Record]) -> str:
    """What the bars are."""
    levels = sorted({m["level"] for m in held if m["low"] is not None and m["level"] is not None})
    if levels:
        words = " to ".join(f"{100 * v:.3g}" for v in dict.fromkeys((levels[0], levels[-1])))
        together = ", so that all hold together" if levels[-1] > USUAL and len(held) > 1 else ""
        return f"Bars are {words} % intervals{together}."
    if any(m["high"] is not None for m in held):
        return "Counted, not estimated; bars reach to the most that these rows do not exclude."
    return "Shown without intervals."
