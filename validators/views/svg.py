"""Small pictures for the report: SVG without script, style or link."""

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT, EDGE = 180, 20, 6
CANDIDATE, LIMIT, AXIS = "#0072B2", "#D55E00", "#C9CFD8"


def interval_strip(m: Mapping[str, Any]) -> str:
    """Value, interval and limits of a measurement on one line; empty where there is no value."""
    limits = sorted({v for held in m["limits"] for v in (held["warn"], held["fail"]) if v is not None})
    if m["value"] is None:
        return ""
    ends = [v for v in (m["low"], m["high"]) if v is not None]
    place = _scale([m["value"], *ends, *limits, *(held["null"] for held in m["limits"])])
    middle = HEIGHT / 2
    parts = [_line(EDGE, middle, WIDTH - EDGE, middle, AXIS, 1)]
    parts += [_line(place(v), 2, place(v), HEIGHT - 2, LIMIT, 1.2, dash="3 2") for v in limits]
    if len(ends) == 2:
        parts.append(_line(place(ends[0]), middle, place(ends[1]), middle, CANDIDATE, 3))
    parts.append(f'<circle cx="{place(m["value"]):.1f}" cy="{middle}" r="3.5" fill="{CANDIDATE}"/>')
    label = "Value and interval against the limits; the numbers stand beside it."
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )


def _scale(values: Sequence[float]) -> Any:
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return lambda v: EDGE + (WIDTH - 2 * EDGE) * (v - low) / span if high > low else WIDTH / 2


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashed}/>'
