"""Backtest: the score by period for candidate and prior, the break, the funnel."""

from statistics import NormalDist

from . import fmt
from .chart import Chart, Palette, Row, Table, axis, figure
from .marks import band, dots, line
from .reading import Document, Record, about, measurements
from .sentences import measurement_sentence, note_sentence
from .subject_words import period_words
from .tables import dot_of, dot_table
from .words import metric_label

JUDGED = ("score_lost", "break_size", "auc_loss", "loss_increase", "decay_per_year")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Timeline, what is judged, funnel."""
    found = [timeline(document, colours), _judged(document, colours), funnel(document, colours)]
    return [c for c in found if c is not None]


def periods(document: Document, *, prior: bool = False) -> list[tuple[str, Record]]:
    """(period, measurement) in time order, of the candidate or of the prior."""
    held = [m for m in measurements(document, "period_score") if about(m, "period") and m["value"] is not None]
    mine = [(str(about(m, "period")), m) for m in held if ("rows:prior" in m["subject"]) == prior]
    return sorted(mine, key=lambda p: p[0])


def timeline(document: Document, colours: Palette) -> Chart | None:
    """Score by period with bands; the largest break is marked."""
    mine, before = periods(document), periods(document, prior=True)
    if not mine:
        return None
    traces = []
    for held, colour, name in ((before, colours.prior, "prior"), (mine, colours.candidate, "candidate")):
        if not held:
            continue
        x, ms = [p.partition("..")[0] for p, _ in held], [m for _, m in held]
        if name == "candidate":
            traces.append(band(x, [m["low"] for m in ms], [m["high"] for m in ms], colours.band))
        hover = [[m["subject"], measurement_sentence(m)] for m in ms]
        extra = {"customdata": hover, "hovertemplate": "%{customdata[1]}<extra></extra>"}
        traces.append(line(x, [m["value"] for m in ms], name, colour, open_=name == "prior", **extra))
    fall = next((m for m in measurements(document, "break_size") if about(m, "period")), None)
    shapes, notes, words = _break(fall, colours)
    small = next((m for m in measurements(document, "periods_left_out") if m["value"]), None)
    left = f" {measurement_sentence(small)} {note_sentence(small)}" if small else ""
    name = mine[0][1]["note"] or "score"
    rows = [_row(p, m, dict(before)) for p, m in mine]
    return Chart(
        key="timeline",
        title=f"{name} by period, candidate and prior",
        figure=figure(
            traces, x=axis(type="date"), y=axis(name), height=360, shapes=shapes, annotations=notes, legend=bool(before)
        ),
        table=Table(rows=rows, kinds=dict.fromkeys(("Candidate", "Low", "High", "Prior"), "number") | {"n": "count"}),
        alt=f"{name} of the candidate in {len(mine)} periods of production.{words}",
        caption=f"Points stand at the first day of their period; band: 95 % interval of the candidate, each period by itself.{words}{left}",
    )


def _break(fall: Record | None, colours: Palette) -> tuple[list[Row], list[Row], str]:
    if fall is None or fall["value"] is None:
        return [], [], ""
    start = str(about(fall, "period")).partition("..")[0]
    told = fall["verdict"] in ("FAIL", "WARN")
    look = {"color": colours.limit if told else colours.quiet, "width": 1.5, "dash": "dash" if told else "dot"}
    shape = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": start,
        "x1": start,
        "y0": 0,
        "y1": 1,
        "line": look,
        "name": "break",
    }
    note = {
        "text": f"largest break {start}", "x": start, "y": 1.0, "xref": "x", "yref": "paper", "yanchor": "bottom",
        "xanchor": "center", "showarrow": False, "font": {"size": 11},
    }  # fmt: skip
    return [shape], [note], f" {measurement_sentence(fall)}"


def _row(period: str, m: Record, before: dict[str, Record]) -> Row:
    prior = before.get(period)
    return {
        "Period": period_words(period),
        "n": m["n"],
        "Candidate": m["value"],
        "Low": m["low"],
        "High": m["high"],
        "Prior": None if prior is None else prior["value"],
    }


def _judged(document: Document, colours: Palette) -> Chart | None:
    held = [m for m in measurements(document, *JUDGED, family="backtest") if m["value"] is not None]
    rows = [dot_of(m, metric_label(m["metric"])) for m in held if "rows:prior" not in m["subject"]]
    if not rows:
        return None
    return Chart(
        key="losses",
        title="What is lost: right of 0 is worse",
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Loss"),
        alt=" ".join(r.hover for r in rows),
        caption="Orange marks are the limits. The interval of the break holds for all dates that were tried.",
    )


def funnel(document: Document, colours: Palette) -> Chart | None:
    """Periods by their precision: outside the funnel is more than chance."""
    held = [(p, m, se) for p, m in periods(document) if (se := standard_error(m)) is not None]
    if len(held) < 3:
        return None
    weights = [se**-2 for *_, se in held]
    middle = sum(w * m["value"] for w, (_, m, _) in zip(weights, held, strict=True)) / sum(weights)
    spread = next((m["value"] for m in measurements(document, "overdispersion") if m["value"] is not None), 1.0)
    wider = max(float(spread), 1.0) ** 0.5
    widest = max(se for *_, se in held) * 1.1
    grid = [widest * i / 20 for i in range(21)]
    lines = [
        {
            "type": "scatter", "mode": "lines", "name": word, "x": grid, "hoverinfo": "skip",
            "y": [middle + sign * z * wider * se for se in grid],
            "line": {"color": colours.quiet if z < 2.5 else colours.prior, "width": 1.2, "dash": "dot"}, "showlegend": sign > 0,
        }
        for z, word in ((1.96, "95 %"), (3.09, "99.8 %"))
        for sign in (1, -1)
    ]  # fmt: skip
    points = {
        "type": "scatter", "mode": "markers", "name": "periods", "x": [se for *_, se in held], "y": [m["value"] for _, m, _ in held],
        "marker": {"color": colours.candidate, "size": 9}, "customdata": [[m["subject"], measurement_sentence(m)] for _, m, _ in held],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip
    out = [p for p, m, se in held if abs(m["value"] - middle) > 1.96 * wider * se]
    words = ", ".join(period_words(p) for p in out) or "none"
    return Chart(
        key="funnel",
        title="Funnel: do single periods differ by more than chance?",
        figure=figure(
            [*lines, points],
            x=axis("standard error (small periods right)"),
            y=axis(held[0][1]["note"]),
            height=360,
            legend=True,
        ),
        table=Table(
            rows=[
                {"Period": period_words(p), "Score": m["value"], "Standard error": se, "n": m["n"]} for p, m, se in held
            ],
            kinds={"Score": "number", "Standard error": "number", "n": "count"},
        ),
        alt=f"Funnel of {len(held)} periods around {fmt.number(middle)}; outside 95 %: {words}.",
        caption=f"One period in twenty lies outside 95 % by chance. Outside: {words}."
        + (
            f" The funnel is widened {fmt.number(wider, 1)} times: periods differ by more than their rows tell."
            if wider > 1
            else ""
        ),
    )


def standard_error(m: Record) -> float | None:
    """Half the interval over the normal quantile of its level."""
    if m["low"] is None or m["high"] is None or not m["level"] or m["high"] <= m["low"]:
        return None
    return float(m["high"] - m["low"]) / 2 / NormalDist().inv_cdf((1 + m["level"]) / 2)
