"""Noise: decay curves, the brittle features, failures of a feed, reactions to invalid input."""

from collections.abc import Sequence

from . import fmt
from .chart import Chart, Palette, Row, Table, axis, figure
from .marks import band, dots, heat, limit_line, line
from .reading import Document, Record, about, by_badness, is_prior, measurements
from .sentences import measurement_sentence
from .subject_words import rows_words
from .tables import dot_of, dot_table
from .words import metric_kind, metric_label

MOST = 30
TITLES = {
    "curve_flip_rate": "Decisions that flip, by noise on all inputs",
    "curve_quality_lost": "Quality lost, by noise on all inputs",
    "curve_rms_change": "Change of the score, by noise on all inputs",
}
REACTIONS = ("broken_reaction", "wild_reaction", "declared_broken_reaction", "declared_wild_reaction")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Curves, brittle features, failures, reactions."""
    names = dict.fromkeys(
        m["metric"] for m in measurements(document, family="noise") if m["metric"].startswith("curve_")
    )
    ordered = sorted(names, key=lambda name: [*TITLES, name].index(name))
    curves = [_curve(document, colours, name) for name in ordered]
    found = [*curves[:2], _excess(document, colours), _ripple(document, colours)]
    found += [
        _matrix(document, colours, "failure_rms_change", "failures", "What a failing feed does to the score (SD)")
    ]
    found += [reactions(document, colours), *curves[2:]]
    return [c for c in found if c is not None]


def _curve(document: Document, colours: Palette, metric: str) -> Chart | None:
    judged = metric.removeprefix("curve_")
    title = TITLES.get(metric, f"{metric_label(metric)}, by noise on all inputs")
    held = [m for m in measurements(document, metric, family="noise") if m["value"] is not None]
    points = [(level, m) for m in held if (level := _level(m)) is not None]
    mine = sorted(((lv, m) for lv, m in points if "rows:prior" not in m["subject"]), key=lambda p: p[0])
    prior = sorted(((lv, m) for lv, m in points if "rows:prior" in m["subject"]), key=lambda p: p[0])
    if not mine:
        return None
    kind = metric_kind(metric)
    traces = []
    for held_points, colour, name in ((prior, colours.prior, "prior"), (mine, colours.candidate, "candidate")):
        if not held_points:
            continue
        x = [lv for lv, _ in held_points]
        ms = [m for _, m in held_points]
        if name == "candidate":
            traces.append(band(x, [m["low"] for m in ms], [m["high"] for m in ms], colours.band))
        hover = [[m["subject"], measurement_sentence(m)] for m in ms]
        extra = {"customdata": hover, "hovertemplate": "%{customdata[1]}<extra></extra>"}
        traces.append(line(x, [m["value"] for m in ms], name, colour, open_=name == "prior", **extra))
    named = _limits(document, judged)
    marks = [limit_line(v, w, colours, kind, across="y", side="left") for v, w in named]
    rows = [
        Row({"Noise (SD)": lv, "Model": who, "Value": m["value"], "Low": m["low"], "High": m["high"], "n": m["n"]})
        for who, some in (("candidate", mine), ("prior", prior))
        for lv, m in some
    ]
    return Chart(
        key=metric,
        title=title,
        figure=figure(
            traces,
            x=axis(
                "noise, standard deviations (log)",
                type="log",
                tickvals=[lv for lv, _ in mine],
                ticktext=[f"{lv:g}" for lv, _ in mine],
            ),
            y=axis(metric_label(metric), kind=kind, rangemode="tozero"),
            height=320,
            shapes=[m["shape"] for m in marks],
            annotations=[m["annotation"] for m in marks],
            legend=bool(prior),
        ),
        table=Table(rows=rows, kinds=dict.fromkeys(("Value", "Low", "High"), kind) | {"n": "count"}),
        alt=f"{title}: {measurement_sentence(mine[-1][1])}",
        caption="Band: 95 % interval of the candidate. Same draws for both models."
        + (" Judged at 0.1 standard deviations." if marks else ""),
    )


def _limits(document: Document, judged: str) -> list[tuple[float, str]]:
    """Limits of the judged metric behind a curve, with their words."""
    held = [m["limits"] for m in measurements(document, judged, check="NOI101") if m["limits"]]
    ends = (("warn", "attention"), ("fail", "fail"))
    return [
        (limit[end], word) for limits in held[:1] for limit in limits for end, word in ends if limit[end] is not None
    ]


def _level(m: Record) -> float | None:
    """Size of the noise, in standard deviations: the number at the end of ``rows:gaussian_0.1``."""
    word = m["subject"].replace(" | rows:prior", "").rpartition("_")[2]
    try:
        return float(word)
    except ValueError:
        return None


def _excess(document: Document, colours: Palette) -> Chart | None:
    held = [
        m
        for m in by_badness(measurements(document, "excess_rms", "rms_change", check="NOI102"))
        if m["value"] is not None
    ]
    held = [m for m in held if about(m, "feature")]
    if not held:
        return None
    metric = held[0]["metric"]
    rows = [dot_of(m) for m in held[:MOST]]
    against = "beyond the prior's" if metric == "excess_rms" else "of the score"
    return Chart(
        key="brittle",
        title=f"One feature a little wrong: change {against}, worst first (SD)",
        figure=dots(rows, colours, width=32),
        table=dot_table([dot_of(m) for m in held], "number", name="Feature and noise"),
        alt=f"{len(held)} features and sizes of noise; worst: {rows[0].hover}",
        caption=f"The {len(rows)} worst of {len(held)}. Noise on the scale of the feature's own values; intervals hold for all.",
    )


def _ripple(document: Document, colours: Palette) -> Chart | None:
    held = [m for m in by_badness(measurements(document, "ripple_ratio")) if m["value"] is not None]
    if not held:
        return None
    rows = [dot_of(m, about(m, "feature")) for m in held[:MOST]]
    return Chart(
        key="ripple",
        title="Change at 0.01 SD of noise over that at 0.1 SD",
        figure=dots(rows, colours, zero=True),
        table=dot_table([dot_of(m, about(m, "feature")) for m in held], "number", name="Feature"),
        alt=f"Ripple ratio of {len(held)} features; worst: {rows[0].hover}",
        caption="0.1 for a smooth model, about 0.3 for a stepped one, near 1 where the score hangs on the last digit.",
    )


def reactions(document: Document, colours: Palette) -> Chart | None:
    """Features by kinds of invalid input: share of scores that broke or went wild."""
    held = [m for m in measurements(document, *REACTIONS) if about(m, "feature") and m["value"] is not None]
    worst: dict[tuple[str, str], Record] = {}
    for m in by_badness(held):
        place = (str(about(m, "feature")), str(about(m, "rows")))
        if place not in worst or m["value"] > worst[place]["value"]:
            worst[place] = m
    return _grid(
        list(worst.values()), colours, "reactions", "Reaction to invalid input: share of scores broken or wild", "share"
    )


def _matrix(document: Document, colours: Palette, metric: str, key: str, title: str) -> Chart | None:
    held = [m for m in measurements(document, metric) if about(m, "feature") and m["value"] is not None]
    return _grid(held, colours, key, title, metric_kind(metric))


def _grid(held: Sequence[Record], colours: Palette, key: str, title: str, kind: str) -> Chart | None:
    if not held:
        return None
    cells = {(str(about(m, "feature")), str(about(m, "rows"))): m for m in held if not is_prior(m)}
    columns = list(dict.fromkeys(w for _, w in cells))
    peak = {f: max(m["value"] for (g, _), m in cells.items() if g == f) for f, _ in cells}
    features = sorted(peak, key=lambda f: -peak[f])
    drawn = features[:MOST]
    values = {f: [cells[f, w]["value"] if (f, w) in cells else None for w in columns] for f in features}
    hover = [[_cell_words(cells.get((f, w))) for w in columns] for f in drawn]
    words = [rows_words(w) for w in columns]
    top = features[0]
    return Chart(
        key=key,
        title=title,
        figure=heat([values[f] for f in drawn], words, drawn, hover, colours, kind=kind),
        table=Table(
            rows=[Row({"Feature": f, **dict(zip(words, values[f], strict=True))}) for f in features],
            kinds=dict.fromkeys(words, kind),
        ),
        alt=f"{title}: {len(features)} features by {len(columns)} kinds; most: {top}, {fmt.shown(peak[top], kind)}.",
        caption=f"n = {fmt.count(held[0]['n'])} rows each; features by their largest value.",
    )


def _cell_words(m: Record | None) -> str:
    return "" if m is None else f"{measurement_sentence(m)} {m['note']}"
