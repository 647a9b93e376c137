"""Bias: how many people each group has, then ratios and gaps with their intervals, calibration by group, combinations, proxies."""

from collections.abc import Sequence
from math import log10
from typing import Any

from . import fmt, forest
from .chart import Chart, Dot, Figure, Palette, Table, axis, figure
from .marks import dots, line
from .reading import Document, Record, about, by_badness, measurements
from .sentences import measurement_sentence
from .subject_words import subject_words
from .tables import dot_of, dot_table
from .words import RANK, metric_kind

MOST = 24
FINE_TICKS, COARSE_TICKS = (
    (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0),
    (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
)
LAW = "It decides no question of law."
GAPS = (
    ("tpr_gap", "Positives that are found: gap to the reference group, worst first", ""),
    ("fpr_gap", "Negatives that are called positive: gap to the reference group, worst first", ""),
    ("calibration_gap", "Outcomes beyond what the score says: gap to the reference group, worst first (SD)", ""),
    ("residual_gap", "Outcome minus prediction: gap to the reference group, worst first (SD)", ""),
    ("prediction_gap", "Mean prediction: gap to the reference group (SD)", " Outcomes may differ as well; nothing is judged."),
    ("xauc_gap", "Ranked across groups: positives above the other's negatives, and the other way round",
     " Nothing is judged unless a pack says so."),
    ("cell_gap", "Combinations: outcomes beyond what the model says, against all others, worst first (SD)", ""),
)  # fmt: skip


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Group sizes first; then what is judged, the curves, the combinations and the proxies."""
    ratio = ratios(
        document, colours, "selection_ratio", "Favourable decisions: ratio to the reference group, worst first (log)"
    )
    gaps = {name: _gaps(document, colours, name, title, more) for name, title, more in GAPS}
    cells = ratios(
        document, colours, "cell_ratio", "Combinations: favourable decisions, ratio to all others, worst first (log)"
    )
    found = [sizes(document, colours), ratio, *(gaps[k] for k in list(gaps)[:6]), *curves(document, colours)]
    found += [cells, gaps["cell_gap"], proxies(document, colours)]
    return [c for c in found if c is not None] or forest.charts(document, "bias", colours)


def sizes(document: Document, colours: Palette) -> Chart | None:
    """Rows of every group, in the order of the columns."""
    held: dict[str, Record] = {}
    for m in measurements(document, "group_size", family="bias"):
        if m["value"]:
            held.setdefault(m["subject"], m)
    rows = [dot_of(m) for m in held.values()]
    if not rows:
        return None
    drawn = dots(rows[:MOST], colours, kind="count", title="rows (log)")
    least, most = min(rows, key=lambda r: r.value), max(rows, key=lambda r: r.value)
    ticks = [k * 10**e for e in range(10) for k in (1, 2, 5) if least.value / 2 <= k * 10**e <= most.value * 2]
    drawn["layout"]["xaxis"] |= {
        "type": "log", "rangemode": "normal", "tickmode": "array", "tickvals": ticks, "ticktext": [fmt.count(t) for t in ticks],
        "range": [log10(least.value / 2), log10(most.value * 2)],
    }  # fmt: skip
    small = [r.label for r in rows if r.value < 100]
    words = f" Fewer than 100 rows: {', '.join(small[:6])}{' and others' if len(small) > 6 else ''}." if small else ""
    return Chart(
        key="sizes",
        title="How many rows each group has (log)",
        figure=drawn,
        table=Table(rows=[{"Group": r.label, "n": r.n, "Share": _share(r, held)} for r in rows], kinds={"n": "count"}),
        alt=f"{len(rows)} groups; the smallest is {least.label} with {fmt.count(least.n)} rows.{words}",
        caption=f"Small groups can alarm, but mostly they cannot tell.{words}{_cut(rows)}",
    )


def _share(row: Dot, held: dict[str, Record]) -> str:
    return str(held[row.subject]["note"]).partition(" of the rows")[0]


def ratios(document: Document, colours: Palette, metric: str, title: str) -> Chart | None:
    """Ratios on a scale that is symmetric around 1, with the band that the limit leaves."""
    rows = _dots(document, metric)
    if not rows:
        return None
    drawn = dots(rows[:MOST], colours, title="ratio (log); below 1: fewer favourable")
    limits = {value for r in rows for value, _ in r.limits}
    ends = [x for r in rows[:MOST] for x in (r.low, r.value, r.high) if x is not None and x > 0] + [*limits, 0.7]
    reach = min(max(abs(log10(x)) for x in ends) * 1.05, 2.0)
    ticks = [t for t in (FINE_TICKS if reach < 0.4 else COARSE_TICKS) if abs(log10(t)) <= reach]
    drawn["layout"]["xaxis"] |= {
        "type": "log", "range": [-reach, reach], "tickmode": "array", "tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks],
        "rangemode": "normal",
    }  # fmt: skip
    for note in drawn["layout"]["annotations"]:
        note["x"] = log10(note["x"])  # Plotly places annotations of a log axis by exponent, and shapes by value
    drawn["layout"]["shapes"] = [*_band(limits, colours), *drawn["layout"]["shapes"]]
    return Chart(
        key=metric,
        title=title,
        figure=drawn,
        table=dot_table(_dots(document, metric), "number", name="Group"),
        alt=f"{len(rows)} groups; worst: {rows[0].hover}",
        caption=f"Bars: intervals that hold for all together. Band: limit and inverse. {LAW}{_cut(rows)}{_untold(document, metric)}",
    )


def _band(limits: set[float], colours: Palette) -> list[Figure]:
    even = {"type": "line", "xref": "x", "yref": "paper", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": colours.quiet, "width": 1.5}}  # fmt: skip
    below = [value for value in limits if 0 < value < 1]
    if not below:
        return [even]
    area = {"type": "rect", "xref": "x", "yref": "paper", "x0": max(below), "x1": 1 / max(below), "y0": 0, "y1": 1,
            "layer": "below", "fillcolor": colours.band, "line": {"width": 0}}  # fmt: skip
    return [area, even]


def _gaps(document: Document, colours: Palette, metric: str, title: str, more: str) -> Chart | None:
    rows, kind = _dots(document, metric), metric_kind(metric)
    if not rows:
        return None
    return Chart(
        key=metric,
        title=title,
        figure=dots(rows[:MOST], colours, kind=kind),
        table=dot_table(rows, kind, name="Group"),
        alt=f"{len(rows)} groups; worst: {rows[0].hover}",
        caption=f"Bars: intervals that hold for all together. 0 is no difference.{more}{_cut(rows)}{_untold(document, metric)}",
    )


def curves(document: Document, colours: Palette) -> list[Chart]:
    """Observed against expected rate, the groups of one column in one picture; the four largest of each."""
    held: dict[str, dict[str, list[tuple[Record, Record]]]] = {}
    expected = {m["subject"]: m for m in measurements(document, "group_expected_rate") if m["value"] is not None}
    for m in measurements(document, "group_observed_rate"):
        group = about(m, "group")
        if m["value"] is None or m["subject"] not in expected or group is None or about(m, "class"):
            continue
        column = subject_words(f"group:{group}").partition(" = ")[0]
        held.setdefault(column, {}).setdefault(f"group:{group}", []).append((expected[m["subject"]], m))
    return [_curve(column, groups, colours) for column, groups in held.items()]


def _curve(column: str, groups: dict[str, list[tuple[Record, Record]]], colours: Palette) -> Chart:
    largest = sorted(groups, key=lambda g: -sum(m["n"] for _, m in groups[g]))[: len(colours.others)]
    shown = [g for g in groups if g in largest]
    ends = [x["value"] for g in shown for pair in groups[g] for x in pair]
    traces = [
        {"type": "scatter", "mode": "lines", "name": "as expected", "x": [min(ends), max(ends)], "y": [min(ends), max(ends)],
         "line": {"color": colours.quiet, "width": 1.5}, "hoverinfo": "skip", "showlegend": False}
    ]  # fmt: skip
    for subject, colour in zip(shown, colours.others, strict=False):
        pairs = groups[subject]
        look: dict[str, Any] = {
            "error_y": {
                "type": "data", "symmetric": False, "color": colour, "width": 0, "thickness": 1.2,
                "array": [m["high"] - m["value"] for _, m in pairs], "arrayminus": [m["value"] - m["low"] for _, m in pairs],
            },
            "customdata": [[m["subject"], measurement_sentence(m)] for _, m in pairs],
            "hovertemplate": "expected %{x}<br>%{customdata[1]}<extra></extra>",
        }  # fmt: skip
        name = subject_words(subject).partition(" = ")[2]
        traces.append(line([e["value"] for e, _ in pairs], [m["value"] for _, m in pairs], name, colour, **look))
    table = [
        {"Group": subject_words(g), "Bin": k, "Expected": e["value"], "Observed": m["value"], "Low": m["low"], "High": m["high"],
         "n": m["n"]}
        for g, pairs in groups.items()
        for k, (e, m) in enumerate(pairs, 1)
    ]  # fmt: skip
    left = f" The {len(shown)} largest of {len(groups)} groups are drawn." if len(groups) > len(shown) else ""
    kinds = dict.fromkeys(("Expected", "Observed", "Low", "High"), "share") | dict.fromkeys(("Bin", "n"), "count")
    return Chart(
        key=f"curve_{column}",
        title=f"Does a score mean the same in every group? {column}",
        figure=figure(
            traces,
            x=axis("expected rate", kind="share"),
            y=axis("observed rate", kind="share"),
            height=360,
            legend=True,
        ),
        table=Table(rows=table, kinds=kinds),
        alt=f"Observed against expected rate in {len(shown)} groups of {column}; on the line they agree.",
        caption=f"Five bins of equal size in each group; 95 % intervals, each by itself.{left}",
    )


def proxies(document: Document, colours: Palette) -> Chart | None:
    """How well a group can be told from all features, from single ones and from the score."""
    every = [m for m in measurements(document, "proxy_auc", "proxy_feature_auc", "score_auc") if m["value"] is not None]
    held = sorted(every, key=lambda m: (str(about(m, "group")), m["metric"] == "proxy_feature_auc", -m["value"]))
    words = {"proxy_auc": "all features", "score_auc": "the score"}
    rows = [
        dot_of(
            m, f"{subject_words('group:' + str(about(m, 'group')))}: {words.get(m['metric']) or about(m, 'feature')}"
        )
        for m in held
    ]
    if not rows:
        return None
    shown = [r for r, m in zip(rows, held, strict=True) if m["metric"] != "proxy_feature_auc" or m in _best(held, m)]
    drawn = dots(shown[:MOST], colours, title="AUC; 0.5 tells nothing")
    best = max(rows, key=lambda r: r.value)
    return Chart(
        key="proxies",
        title="How well a group can be told from what the model sees and says",
        figure=drawn,
        table=dot_table(rows, "number", name="Group and source"),
        alt=f"{len(rows)} ways to tell a group; best: {best.hover}",
        caption="Cross-fitted trees of our own; of single features the best two of each group are drawn. Judged by packs only.",
    )


def _best(held: Sequence[Record], m: Record) -> list[Record]:
    """The two features that tell a measurement's group best."""
    mine = [x for x in held if x["metric"] == m["metric"] and about(x, "group") == about(m, "group")]
    return mine[:2]


def _dots(document: Document, metric: str) -> list[Dot]:
    """Estimates of a metric, worst first: by verdict, and where a band is set by distance from no difference."""
    held = [m for m in by_badness(measurements(document, metric, family="bias")) if m["value"] is not None]
    if "ratio" not in metric:
        held.sort(key=lambda m: (RANK.index(m["verdict"] or "NO_LIMIT"), not m["counts"], -abs(m["value"])))
    return [dot_of(m) for m in held]


def _untold(document: Document, metric: str) -> str:
    """What has no value, for want of rows or of something to compare with."""
    names = [subject_words(m["subject"]) for m in measurements(document, metric, family="bias") if m["value"] is None]
    if not names:
        return ""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f" Cannot tell: {', '.join(names[:5])}{more}."


def _cut(rows: Sequence[object]) -> str:
    return f" The first {MOST} of {len(rows)} are drawn; the table has all." if len(rows) > MOST else ""
