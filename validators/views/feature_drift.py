"""Feature drift: which features moved, how one of them looks on both sides, and the months since."""

from collections.abc import Mapping
from typing import Any

from ..core.data import WEIGHT_ONE, Grid, NumericBins, Role
from ..summaries.feature_counts import FeatureCountsKind
from . import fmt
from .binning import bulk, equal_bins
from .chart import Chart, Figure, Palette, Row, Table, axis, figure, text
from .marks import dots, heat, steps
from .reading import Document, Record, about, by_badness, measurements, result_of
from .sentences import measurement_sentence
from .subject_words import period_words
from .tables import dot_of, dot_table

MOST_DOTS, MOST_LEVELS = 40, 20
COUNTS = FeatureCountsKind("all")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Features by shift, missing values and new levels, production by period."""
    base = "reference" if "reference" in document["inputs"]["data"] else "train"
    found = [
        shifts(document, colours),
        _plain(document, colours, "missing_difference", "missing", f"Missing values: test less {base}"),
        _plain(document, colours, "new_level_mass", "levels", f"Rows with a level that {base} did not have"),
        by_period(document, colours),
    ]
    return [c for c in found if c is not None]


def shifted(document: Document) -> list[Record]:
    """The shift of every feature: those that alarm first, then the largest."""
    held = (m for m in measurements(document, "shift_sigma", check="DRF101") if m["value"] is not None)
    return sorted(by_badness(held), key=lambda m: (m["verdict"] not in ("FAIL", "WARN"), -m["value"]))


def shifts(document: Document, colours: Palette) -> Chart | None:
    """Features by shift with intervals and limits."""
    rows = [dot_of(m, about(m, "feature")) for m in shifted(document)]
    if not rows:
        return None
    joint = next(iter(measurements(document, "c2st_auc")), None)
    together = f" All features together: {measurement_sentence(joint)}" if joint is not None else ""
    more = f" The worst {MOST_DOTS} of {len(rows)} are drawn." if len(rows) > MOST_DOTS else ""
    return Chart(
        key="shifts",
        title="Features by shift, worst first (sigma)",
        figure=dots(rows[:MOST_DOTS], colours, zero=True),
        table=dot_table(rows, "number", name="Feature"),
        alt=f"{len(rows)} features by shift; worst: {rows[0].hover}",
        caption="The shift of a normal, in standard deviations, that gives the same distance. Intervals hold for all features."
        f"{more}{together}",
    )


def _plain(document: Document, colours: Palette, metric: str, key: str, title: str) -> Chart | None:
    held = [m for m in by_badness(measurements(document, metric)) if m["value"] is not None]
    seen = [m for m in held if m["value"] or m["verdict"] not in (None, "PASS")]
    rows = [dot_of(m, about(m, "feature")) for m in seen[:MOST_DOTS]]
    if not rows:
        return None
    quiet = len(held) - len(seen)
    return Chart(
        key=key,
        title=title,
        figure=dots(rows, colours, kind="share"),
        table=dot_table([dot_of(m, about(m, "feature")) for m in held], "share", name="Feature"),
        alt=f"{title}; worst: {rows[0].hover}",
        caption=f"{quiet} {'feature' if quiet == 1 else 'features'} without any: see the table."
        if quiet
        else "Intervals hold for all features.",
    )


def by_period(document: Document, colours: Palette) -> Chart | None:
    """Shift by feature and period of production."""
    held = [
        m
        for m in measurements(document, "shift_sigma", check="DRF104")
        if about(m, "period") and m["value"] is not None
    ]
    if not held:
        return None
    cells = {(about(m, "feature"), str(about(m, "period"))): m for m in held}
    periods = sorted({p for _, p in cells})
    peak = {f: max(m["value"] for (g, _), m in cells.items() if g == f) for f, _ in cells}
    features = sorted(peak, key=lambda f: -peak[f])[:MOST_DOTS]
    values = [[cells[f, p]["value"] if (f, p) in cells else None for p in periods] for f in features]
    hover = [[measurement_sentence(cells[f, p]) if (f, p) in cells else "" for p in periods] for f in features]
    words = [period_words(p) for p in periods]
    latest = result_of(document, "DRF104")
    return Chart(
        key="production",
        title="Shift by period of production (sigma)",
        figure=heat(values, [word.partition(" to ")[0] for word in words], [str(f) for f in features], hover, colours),
        table=Table(
            rows=[
                {"Feature": f, **dict(zip(words, row, strict=True))} for f, row in zip(features, values, strict=True)
            ],
            kinds=dict.fromkeys(words, "number"),
        ),
        alt=f"Shift of {len(features)} features in {len(periods)} periods; most moved: {features[0]}.",
        caption="Against the data that the model was validated on; periods by their month or first day. Information, without a limit "
        "in the house policies." + (f" Verdict: {latest['verdict']}." if latest and latest["verdict"] else ""),
    )


def base_role(summaries: Mapping[Any, Any]) -> Role | None:
    """What test is compared with: the reference, else train."""
    return next((r for r in (Role.REFERENCE, Role.TRAIN) if (r, COUNTS) in summaries), None)


def histogram(feature: str, summaries: Mapping[Any, Any], grid: Grid, colours: Palette) -> Chart | None:
    """One feature on test and on its reference: step lines over equal bins, or shares of levels."""
    base = base_role(summaries)
    bins = grid.features.get(feature)
    if base is None or bins is None or (Role.TEST, COUNTS) not in summaries:
        return None
    sides = {role: summaries[role, COUNTS] for role in (Role.TEST, base)}
    if any(feature not in s.counts for s in sides.values()):
        return None
    counts = {role: (s.counts[feature][0].sum(axis=0) / WEIGHT_ONE).tolist() for role, s in sides.items()}
    n = {role: sum(c) for role, c in counts.items()}
    if min(n.values()) <= 0:
        return None
    if isinstance(bins, NumericBins):
        drawn, table = _numeric(feature, bins, counts, base, colours)
        gone = {role: c[-1] / n[role] for role, c in counts.items()}
        missing = f" Missing: {fmt.share(gone[Role.TEST])} on test, {fmt.share(gone[base])} on {base.value}."
    else:
        drawn, table = _levels(bins.names, counts, n, base, colours)
        missing = ""
    words = f"n = {fmt.count(n[Role.TEST])} test, {fmt.count(n[base])} {base.value}."
    return Chart(
        key="histogram",
        title=f"{feature}: test against {base.value}",
        figure=drawn,
        table=table,
        alt=f"Distribution of {feature} on test and {base.value}. {words}{missing}",
        caption=f"{words}{missing}",
    )


def _numeric(
    feature: str, bins: NumericBins, counts: Mapping[Role, list[float]], base: Role, colours: Palette
) -> tuple[Figure, Table]:
    cuts = [float(c) for c in bins.cuts]
    even = equal_bins(cuts, 30, whole=bulk(cuts, [c[:-1] for c in counts.values()]))
    traces, rows = [], [Row({"From": a, "To": b}) for a, b in even.spans]
    for role, colour, width in ((base, colours.prior, 1.4), (Role.TEST, colours.candidate, 2.4)):
        shares = even.shares(counts[role][:-1])
        hover = f"{role.value}<br>from %{{x:.4g}}: %{{y:.1%}}<extra></extra>"
        traces.append(steps(even.edges, shares, role.value, hover, color=colour, width=width))
        for row, value in zip(rows, shares, strict=True):
            row[role.value] = value
    y = axis("share of rows", kind="share", rangemode="tozero")
    drawn = figure(traces, x=axis(text(feature)), y=y, height=320, legend=True)
    return drawn, Table(rows=rows, kinds={base.value: "share", "test": "share"})


def _levels(
    names: tuple[str, ...], counts: Mapping[Role, list[float]], n: Mapping[Role, float], base: Role, colours: Palette
) -> tuple[Figure, Table]:
    shares = {role: [v / n[role] for v in c] for role, c in counts.items()}
    order = sorted(range(len(names)), key=lambda i: -max(shares[base][i], shares[Role.TEST][i]))
    shown = [i for i in order if shares[base][i] or shares[Role.TEST][i]][:MOST_LEVELS]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": role.value,
            "x": [shares[role][i] for i in shown],
            "y": list(range(len(shown))),
            "marker": {"color": colour, "size": 10, "symbol": symbol, "line": {"width": 1.5, "color": colour}},
            "hovertemplate": f"{role.value}: %{{x:.1%}}<extra></extra>",
        }
        for role, colour, symbol in ((base, colours.prior, "circle-open"), (Role.TEST, colours.candidate, "circle"))
    ]
    ticks = [text(names[i]) for i in shown]
    y = axis(tickmode="array", tickvals=list(range(len(shown))), ticktext=ticks, range=[len(shown) - 0.4, -0.6])
    x = axis("share of rows", kind="share", rangemode="tozero")
    rows = [Row({"Level": names[i], base.value: shares[base][i], "test": shares[Role.TEST][i]}) for i in order]
    drawn = figure(traces, x=x, y=y, height=max(220, 70 + 26 * len(shown)), legend=True)
    return drawn, Table(rows=rows, kinds={base.value: "share", "test": "share"})
