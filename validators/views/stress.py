"""Stress: scenarios as a tornado, the worst subpopulation as a curve, broken directions by value, what a score hangs on, latency."""

from collections.abc import Mapping
from typing import Any

from . import fmt
from .chart import Chart, Palette, Row, Table, axis, figure, text
from .marks import band, dots, limit_line, line
from .reading import Document, Record, about, by_badness, measurements
from .sentences import measurement_sentence
from .subject_words import note_words, subject_words
from .tables import dot_of, dot_table
from .words import metric_kind

MOVES = {
    "mean_score_change": "How far the mean score moves, by scenario",
    "decision_share_change": "Share called positive, change by scenario",
    "flip_rate": "Decisions that flip, by scenario",
}
PRIOR = " | rows:prior"
MOST = 12


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Worst subpopulation, scenarios, directions, company of the row, latency."""
    found = [_worst(document, colours), _tornado(document, colours, "mean_score_change")]
    found += [_mix(document, colours), _directions(document, colours), _company(document, colours)]
    found += [_tornado(document, colours, name) for name in ("decision_share_change", "flip_rate")]
    return [c for c in (*found, _support(document, colours), _latency(document, colours)) if c is not None]


def _worst(document: Document, colours: Palette) -> Chart | None:
    held = [m for m in measurements(document, "curve_worst_excess", family="stress") if m["value"] is not None]
    points = sorted(((float(m["subject"].rpartition("_")[2]), m) for m in held), key=lambda p: p[0])
    if not points:
        return None
    x = [share for share, _ in points]
    hover: dict[str, Any] = {
        "customdata": [[m["subject"], measurement_sentence(m)] for _, m in points],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }
    judged = next(iter(measurements(document, "worst_excess", family="stress")), None)
    limits = [] if judged is None else judged["limits"]
    ends = (("warn", "attention"), ("fail", "fail"))
    marks = [limit_line(v[e], w, colours, across="y") for v in limits for e, w in ends if v[e] is not None]
    traces = [
        band(x, [m["low"] for _, m in points], [m["high"] for _, m in points], colours.band),
        line(x, [m["value"] for _, m in points], "candidate", colours.candidate, **hover),
    ]
    rows: list[Row] = [
        {"Worst share": s, "Excess loss": m["value"], "Low": m["low"], "High": m["high"], "n": m["n"]}
        for s, m in points
    ]
    words = (
        ""
        if judged is None or not judged["note"]
        else f" The worst tenth: {note_words(judged['note'].partition('; cannot ')[0])}."
    )
    return Chart(
        key="worst",
        title="Loss beyond what the model expects, for the rows for which it is worst",
        figure=figure(
            traces,
            x=axis("share of the rows, the worst first", kind="share", range=[0, 1.02]),
            y=axis("excess over the mean loss"),
            height=320,
            shapes=[m["shape"] for m in marks],
            annotations=[m["annotation"] for m in marks],
        ),
        table=Table(rows=rows, kinds={"Worst share": "share", "n": "count"}),
        alt=f"Curve over {len(points)} shares; {measurement_sentence(points[0][1])}",
        caption=f"Band: interval. The limits hold for the worst tenth; what our own learner shows inside train is taken off.{words}",
    )


def _tornado(document: Document, colours: Palette, metric: str) -> Chart | None:
    """Scenarios by what they do to the scores, the largest first, beside the prior under the same changes."""
    held = [m for m in measurements(document, metric, family="stress") if m["value"] is not None]
    others = {m["subject"].removesuffix(PRIOR): m for m in held if m["subject"].endswith(PRIOR)}
    mine = sorted((m for m in held if not m["subject"].endswith(PRIOR)), key=lambda m: -abs(m["value"]))
    if not mine:
        return None
    rows = [dot_of(m, other=others.get(m["subject"])) for m in mine]
    kind = metric_kind(metric)
    return Chart(
        key=metric,
        title=MOVES[metric],
        figure=dots(rows, colours, kind=kind, zero=all(r.value >= 0 for r in rows)),
        table=dot_table(rows, kind, name="Scenario"),
        alt=f"{len(rows)} scenarios; largest: {rows[0].hover}",
        caption=" ".join(f"{m['note']}." for m in mine) if metric == "mean_score_change" else "",
    )


def _mix(document: Document, colours: Palette) -> Chart | None:
    held = by_badness(m for m in measurements(document, "quality_lost", check="STR106") if m["value"] is not None)
    if not held:
        return None
    rows = [dot_of(m) for m in held]
    return Chart(
        key="mix",
        title="Quality lost in another mix of the rows",
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Scenario"),
        alt=f"{len(rows)} scenarios; worst: {rows[0].hover}",
        caption="AUC, or R² / 2 in regression, on the rows as they are, minus that under the weights of the scenario.",
    )


def _directions(document: Document, colours: Palette) -> Chart | None:
    """Bars: the share of rows that step the wrong way, by tenth of the feature; declared features side by side."""
    held: dict[str, list[Record]] = {}
    for m in measurements(document, "ice_violations", family="stress"):
        if m["value"] is not None:
            held.setdefault(str(about(m, "feature")), []).append(m)
    if not held:
        return None
    looks = (colours.candidate, *colours.others)
    traces: list[Mapping[str, Any]] = [
        {
            "type": "bar",
            "name": text(name),
            "x": [_tenth(m) for m in ms],
            "y": [m["value"] for m in ms],
            "marker": {"color": looks[i % len(looks)]},
            "customdata": [
                [m["subject"], f"{text(name)} {m['note']}: {fmt.share(m['value'])} of the rows"] for m in ms
            ],
            "hovertemplate": "%{customdata[1]}<extra></extra>",
        }
        for i, (name, ms) in enumerate(held.items())
    ]
    rows: list[Row] = [
        {
            "Feature": name,
            "Tenth": _tenth(m),
            "Values": m["note"],
            "Rows that step the wrong way": m["value"],
            "n": m["n"],
        }
        for name, ms in held.items()
        for m in ms
    ]
    worst = max(rows, key=lambda row: row["Rows that step the wrong way"])
    return Chart(
        key="directions",
        title="Where the score steps against the declared direction",
        figure=figure(
            traces,
            x=axis("tenth of the feature's distribution", dtick=1),
            y=axis("rows", kind="share", rangemode="tozero"),
            height=300,
            legend=len(held) > 1,
        ),
        table=Table(rows=rows, kinds={"Rows that step the wrong way": "share", "n": "count", "Tenth": "count"}),
        alt=f"{len(held)} features; worst: {worst['Feature']} at {worst['Values']}.",
        caption="Every row is given other values of the feature; bars count the rows whose score then steps the wrong way there.",
    )


def _tenth(m: Record) -> int:
    return int(str(about(m, "rows")).rpartition("_")[2])


def _company(document: Document, colours: Palette) -> Chart | None:
    found = measurements(document, "unstable_share", "context_share", family="stress")
    held = by_badness(m for m in found if m["value"] is not None)
    if not any(m["value"] for m in held):
        return None
    rows = [dot_of(m) for m in held]
    return Chart(
        key="company",
        title="Rows whose score moves though the row does not",
        figure=dots(rows, colours, kind="share", zero=True),
        table=dot_table(rows, "share", name="Asked"),
        alt=f"{len(rows)} ways of asking; worst: {rows[0].hover}",
        caption="Asked again, in a fresh process, by threads; then in other order and company, and one by one.",
    )


def _support(document: Document, colours: Palette) -> Chart | None:
    """Rows unlike train, as a whole first, then by feature."""
    held = [
        m for m in measurements(document, "beyond_support", "beyond_range", family="stress") if m["value"] is not None
    ]
    held.sort(key=lambda m: (about(m, "feature") is not None, m["metric"] == "beyond_range", -m["value"]))
    if not held:
        return None
    words = {"beyond_support": "far from train", "beyond_range": "out of range"}
    rows = [dot_of(m, f"{subject_words(m['subject'])}: {words[m['metric']]}") for m in held]
    return Chart(
        key="support",
        title="Rows unlike any in train",
        figure=dots(rows[:MOST], colours, kind="share", zero=True, width=32),
        table=dot_table(rows, "share", name="Rows"),
        alt=f"{len(rows)} shares; first: {rows[0].hover}",
        caption="Far: farther from train than 99 in 100 of its own rows are, so about 1 % is what chance gives. Not judged.",
    )


def _latency(document: Document, colours: Palette) -> Chart | None:
    """Milliseconds per single row, and what batches and memory came to: information, different in every run."""
    models = {n: u for n, u in document.get("run", {}).get("models", {}).items() if u.get("single_row_ms")}
    if not models:
        return None
    looks = {"candidate": colours.candidate, "prior": colours.prior}
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": list(held["single_row_ms"]),
            "y": list(held["single_row_ms"].values()),
            "marker": {"color": looks.get(name, colours.quiet)},
        }
        for name, held in models.items()
    ]
    rows: list[Row] = [
        {
            "Model": name,
            **{f"{p} (ms)": ms for p, ms in held["single_row_ms"].items()},
            "Rows per second": held["rows_per_second"],
            "Peak memory (MB)": held["peak_memory_mb"],
            "Cold start (ms)": held.get("cold_start_ms"),
            "Single rows": held["single_row_calls"],
        }
        for name, held in models.items()
    ]
    first = rows[0]
    return Chart(
        key="latency",
        title="Time for a single row (ms)",
        figure=figure(traces, x=axis(), y=axis("milliseconds", rangemode="tozero"), height=260, legend=len(models) > 1),
        table=Table(rows=rows, kinds={"Rows per second": "count", "Single rows": "count"}),
        alt=f"{first['Model']}: " + ", ".join(f"{k} {v}" for k, v in list(first.items())[1:4]),
        caption=f"Of {fmt.count(first['Single rows'])} calls on this machine, the way to the process and back included; "
        "judged where the policy limits them (STR107). "
        + "; ".join(_cost(name, held) for name, held in models.items()),
    )


def _cost(name: str, held: Mapping[str, Any]) -> str:
    parts = [f"{fmt.count(held['rows_per_second'])} rows per second in batches"] if held["rows_per_second"] else []
    parts += [f"{held['peak_memory_mb']:,.0f} MB at most"] if held["peak_memory_mb"] else []
    parts += (
        [f"{held['cold_start_ms']:,.0f} ms from a fresh process to a loaded model"] if held.get("cold_start_ms") else []
    )
    return f"{name}: {', '.join(parts)}."
