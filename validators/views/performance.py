"""Performance: metrics of both models, the difference against the prior, the reliability curve, the ladder."""

from . import fmt
from .chart import Chart, Palette, Row, Table, axis, figure
from .forest import bars_words
from .marks import dots, line
from .reading import Document, Record, about, is_prior, measurements
from .sentences import measurement_sentence
from .subject_words import rows_words
from .tables import dot_of, dot_table
from .words import metric_kind, metric_label

BOUNDED = ("auc", "auc_ovr", "gini", "average_precision", "accuracy", "precision", "recall", "specificity", "f1", "r2")
ERRORS = ("rmse", "mae")
LOSSES = ("auc_loss", "loss_increase", "log_loss_increase")
EXPECTED, OBSERVED = ("expected_rate", "expected_mean"), ("observed_rate", "observed_mean")
SHORTFALLS = ("shortfall_dummy", "shortfall_simple", "shortfall_boosted")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """All charts of the page that the document has numbers for."""
    found = [
        _losses(document, colours, LOSSES, "losses", "Lost against the prior: right of 0 is worse"),
        _metrics(document, colours, BOUNDED, "metrics", "Metrics on the test rows"),
        _metrics(document, colours, ERRORS, "errors", "Errors on the test rows, in units of the target"),
        *calibration(document, colours),
        _ladder(document, colours),
        _losses(document, colours, SHORTFALLS, "shortfalls", "Behind simpler models: right of 0 is worse"),
    ]
    return [c for c in found if c is not None]


def _metrics(document: Document, colours: Palette, names: tuple[str, ...], key: str, title: str) -> Chart | None:
    held = [m for m in measurements(document, *names, check="PRF101") if m["value"] is not None]
    mine = {m["metric"]: m for m in held if m["subject"] == "model"}
    prior = {m["metric"]: m for m in held if m["subject"] == "model | rows:prior"}
    rows = [dot_of(mine[k], metric_label(k), prior.get(k)) for k in names if k in mine]
    if not rows:
        return None
    n = rows[0].n
    return Chart(
        key=key,
        title=title,
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Metric"),
        alt=f"{title}: {rows[0].label} of the candidate {fmt.number(rows[0].value)}, n = {n}.",
        caption=f"n = {fmt.count(n)}. Filled: candidate; open: prior. Lines are 95 % intervals; the two share their rows, so compare "
        "them by the difference, not by overlap.",
    )


def _losses(document: Document, colours: Palette, names: tuple[str, ...], key: str, title: str) -> Chart | None:
    held = [m for m in measurements(document, *names, family="performance") if m["value"] is not None]
    rows = [dot_of(m, metric_label(m["metric"])) for m in held]
    if not rows:
        return None
    return Chart(
        key=key,
        title=title,
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Difference"),
        alt=" ".join(r.hover for r in rows),
        caption=f"Paired on the same rows: AUC in points, losses relative to the other's. {bars_words(held)} "
        "Orange marks are the limits.",
    )


def calibration(document: Document, colours: Palette) -> list[Chart]:
    """Reliability curves: one, or one a class."""
    held = [m for m in measurements(document, *EXPECTED, *OBSERVED) if about(m, "rows") is not None]
    classes = list(dict.fromkeys(about(m, "class") for m in held))
    return [
        c for name in classes if (c := _curve([m for m in held if about(m, "class") == name], name, document, colours))
    ]


def _curve(held: list[Record], name: str | None, document: Document, colours: Palette) -> Chart | None:
    expected = {about(m, "rows"): m for m in held if m["metric"] in EXPECTED and m["value"] is not None}
    observed = {about(m, "rows"): m for m in held if m["metric"] in OBSERVED and m["value"] is not None}
    bins = sorted(str(k) for k in expected if k in observed)
    if not bins:
        return None
    x, points = [expected[b]["value"] for b in bins], [observed[b] for b in bins]
    kind = "number" if document["project"]["task"]["type"] == "regression" else "share"
    trace = line(x, [p["value"] for p in points], "candidate", colours.candidate)
    trace["mode"] = "markers+lines"
    trace["error_y"] = {
        "type": "data", "symmetric": False, "color": colours.candidate, "width": 0,
        "array": [0.0 if p["high"] is None else max(p["high"] - p["value"], 0.0) for p in points],
        "arrayminus": [0.0 if p["low"] is None else max(p["value"] - p["low"], 0.0) for p in points],
    }  # fmt: skip
    trace["customdata"] = [[p["subject"], measurement_sentence(p)] for p in points]
    trace["hovertemplate"] = "expected %{x}<br>%{customdata[1]}<extra></extra>"
    ends = [min(x), max(x)]
    right = {
        "type": "scatter", "mode": "lines", "x": ends, "y": ends, "name": "as expected",
        "line": {"color": colours.quiet, "width": 1.5}, "hoverinfo": "skip",
    }  # fmt: skip
    rows: list[Row] = [
        {"Bin": rows_words(b), "Expected": e, "Observed": p["value"], "Low": p["low"], "High": p["high"], "n": p["n"]}
        for b, e, p in zip(bins, x, points, strict=True)
    ]
    across, up = (metric_label(held[bins[0]]["metric"]).lower() for held in (expected, observed))
    return Chart(
        key="calibration" if name is None else f"calibration_{name}",
        title="Do scores mean what they say?" if name is None else f"Do scores mean what they say? Class {name}",
        figure=figure([right, trace], x=axis(across, kind=kind), y=axis(up, kind=kind), height=360),
        table=Table(rows=rows, kinds=dict.fromkeys(("Expected", "Observed", "Low", "High"), kind) | {"n": "count"}),
        alt=f"{up.capitalize()} against {across} in {len(bins)} bins of equal size; on the line they agree.",
        caption=f"{len(bins)} bins of about {fmt.count(points[0]['n'])} rows each; 95 % intervals. On the line, scores mean what they say.",
    )


def _ladder(document: Document, colours: Palette) -> Chart | None:
    held = [m for m in measurements(document, "ladder_score") if m["value"] is not None and not is_prior(m)]
    rows = [dot_of(m, rows_words(about(m, "rows") or "candidate")) for m in held]
    if not rows:
        return None
    return Chart(
        key="ladder",
        title="The ladder: dummy, simple, boosted, candidate",
        figure=dots(sorted(rows, key=lambda r: -r.value), colours, kind=metric_kind("ladder_score")),
        table=dot_table(rows, "number", name="Learner"),
        alt="Score of the candidate and of simple learners on the same rows, the best on top.",
        caption="Fitted by Seatrial on the training rows and scored on the same test rows; higher is better.",
    )
