"""Marks of charts: dots with intervals, limits, lines, bands, steps and matrices."""

from collections.abc import Sequence
from html import escape
from typing import Any

from . import fmt
from .chart import Dot, Figure, Palette, axis, figure, text, tick


def limit_line(
    value: float, word: str, colours: Palette, kind: str = "number", *, across: str = "x", side: str = "right"
) -> Figure:
    """One dashed line through the chart and its label: ``{"shape", "annotation"}``; `across` is the value's axis.

    `side` is where the label of a level line stands: where the curves are farther from it.
    """
    along = "y" if across == "x" else "x"
    line = {"color": colours.limit, "width": 1.5, "dash": "dash"}
    shape: Figure = {
        "type": "line",
        "xref": "x",
        "yref": "y",
        f"{along}ref": "paper",
        "line": line,
        "name": f"limit {value:g}",
    }
    ends: Figure = {f"{across}0": value, f"{across}1": value, f"{along}0": 0, f"{along}1": 1}
    label = {
        "text": f"{word} {fmt.exact(value, kind)}",
        "showarrow": False,
        "font": {"color": colours.limit, "size": 11},
    }
    place = {"x": value, "y": 1.0, "xref": "x", "yref": "paper", "yanchor": "bottom", "xanchor": "center"}
    if across == "y":
        at = 0.0 if side == "left" else 1.0
        place = {"x": at, "y": value, "xref": "paper", "yref": "y", "yanchor": "bottom", "xanchor": side}
    return {"shape": shape | ends, "annotation": label | place}


def dots(
    rows: Sequence[Dot], colours: Palette, *, kind: str = "number", title: str = "", zero: bool = False, width: int = 24
) -> Figure:
    """Estimates with intervals, first row on top. Limits common to all rows are lines, others ticks on their row.

    Labels longer than `width` characters take two lines.
    """
    at = list(range(len(rows)))
    traces: list[dict[str, Any]] = []
    if any(r.other is not None for r in rows):
        traces.append(_dot_trace("prior", [(i, r, r.other) for i, r in enumerate(rows) if r.other], colours))
    traces.append(_dot_trace("candidate", [(i, r, (r.value, r.low, r.high)) for i, r in enumerate(rows)], colours))
    shapes, notes = _limit_marks(rows, colours, kind)
    labels = [tick(r.label, width) for r in rows]
    y = axis(tickmode="array", tickvals=at, ticktext=labels, range=[len(rows) - 0.4, -0.6], showgrid=True)
    x = axis(title, kind=kind, rangemode="tozero" if zero else "normal")
    height = 64 + (32 if any("<br>" in held for held in labels) else 26) * max(len(rows), 2)
    return figure(traces, x=x, y=y, height=height, shapes=shapes, annotations=notes, legend=len(traces) > 1)


def _dot_trace(
    who: str, held: Sequence[tuple[int, Dot, tuple[float, float | None, float | None] | None]], colours: Palette
) -> dict[str, Any]:
    prior = who == "prior"
    colour = colours.prior if prior else colours.candidate
    points = [(i, r, ends) for i, r, ends in held if ends is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": who,
        "cliponaxis": False,
        "x": [e[0] for _, _, e in points],
        "y": [i + (0.22 if prior else 0.0) for i, _, _ in points],
        "customdata": [[r.subject, escape(r.hover or r.label, quote=False)] for _, r, _ in points],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "marker": {
            "color": colour,
            "size": 8 if prior else 10,
            "symbol": ["circle-open" if prior or r.small else "circle" for _, r, _ in points],
            "line": {"width": 1.5, "color": colour},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if e[2] is None else max(e[2] - e[0], 0.0) for _, _, e in points],
            "arrayminus": [0.0 if e[1] is None else max(e[0] - e[1], 0.0) for _, _, e in points],
            "color": colour,
            "thickness": 1.2 if prior else 2,
            "width": 0,
        },
    }


def _limit_marks(rows: Sequence[Dot], colours: Palette, kind: str) -> tuple[list[Figure], list[Figure]]:
    kinds = {r.limits for r in rows}
    if len(kinds) == 1:
        (common,) = kinds
        both = {v for v, word in common if (-v, word) in common and v > 0}
        shapes: list[Figure] = []
        notes: list[Figure] = []
        for v, word in sorted(common):
            held = limit_line(v, word, colours, kind)
            shapes.append(held["shape"])
            if -v in both:
                continue  # of two that mirror each other the upper one tells for both
            label = {"text": f"{word} ±{fmt.exact(v, kind)}"} if v in both else {}
            # labels of close limits stand one above the other
            notes.append(held["annotation"] | label | {"yshift": 13 * (len(notes) % 2)})
        return shapes, notes
    line = {"color": colours.limit, "width": 2, "dash": "dot"}
    return [
        {"type": "line", "x0": v, "x1": v, "y0": i - 0.38, "y1": i + 0.38, "line": line, "name": f"limit {v:g}"}
        for i, r in enumerate(rows)
        for v, _ in r.limits
    ], []


def line(
    x: Sequence[Any], y: Sequence[float | str | None], name: str, colour: str, *, open_: bool = False, **more: Any
) -> dict[str, Any]:
    """A line with markers; gaps where values are missing. `open_` is the prior's way: thin and open."""
    symbol = "circle-open" if open_ else "circle"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(x),
        "y": list(y),
        "connectgaps": False,
        "line": {"color": colour, "width": 1.4 if open_ else 2.4},
        "marker": {"color": colour, "size": 7, "symbol": symbol},
        **more,
    }


def steps(edges: Sequence[float], shares: Sequence[float], name: str, hover: str, **look: Any) -> dict[str, Any]:
    """A histogram as a step line over its bins' edges; `look` is the line's."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "line": {"shape": "hv", **look},
        "x": list(edges),
        "y": [*shares, shares[-1]],
        "hovertemplate": hover,
    }


def band(x: Sequence[Any], low: Sequence[float | None], high: Sequence[float | None], colour: str) -> dict[str, Any]:
    """The area between two limits; left out where either is missing."""
    kept = [(a, lo, hi) for a, lo, hi in zip(x, low, high, strict=True) if lo is not None and hi is not None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "interval",
        "x": [k[0] for k in kept] + [k[0] for k in reversed(kept)],
        "y": [k[1] for k in kept] + [k[2] for k in reversed(kept)],
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def heat(
    z: Sequence[Sequence[float | None]],
    columns: Sequence[str],
    rows: Sequence[str],
    hover: Sequence[Sequence[str]],
    colours: Palette,
    *,
    kind: str = "number",
    scale: tuple[tuple[float, str], ...] | None = None,
    height: int | None = None,
) -> Figure:
    """A matrix, first row on top; missing cells stay empty."""
    top = max((abs(v) for r in z for v in r if v is not None), default=0.0) or 1.0
    trace = {
        "type": "heatmap",
        "zmin": 0.0,
        "zmax": top,
        "z": [list(r) for r in z],
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "text": [[escape(t, quote=False) for t in r] for r in hover],
        "hovertemplate": "%{text}<extra></extra>",
        "colorscale": [list(s) for s in scale or colours.counts],
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"thickness": 10, "outlinewidth": 0, "tickformat": ".3~p" if kind == "share" else ""},
    }
    x = axis(
        tickmode="array", tickvals=list(range(len(columns))), ticktext=[text(c, 18) for c in columns], showgrid=False
    )
    y = axis(tickmode="array", tickvals=list(range(len(rows))), ticktext=[text(r, 26) for r in rows], showgrid=False)
    y["range"] = [len(rows) - 0.5, -0.5]
    return figure([trace], x=x, y=y, height=height or max(220, 90 + 22 * len(rows)))
