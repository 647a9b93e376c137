"""Charts as plain Plotly dicts with the table that says the same: the records, the palette, axes and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from . import fmt

Figure = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours of one mode. Candidate, prior and limits have theirs to themselves; `others` are for further categories."""

    candidate: str
    prior: str
    limit: str
    quiet: str
    band: str
    others: tuple[str, ...]
    counts: tuple[tuple[float, str], ...]
    changes: tuple[tuple[float, str], ...]


LIGHT = Palette(
    candidate="#0072B2",
    prior="#8A8F98",
    limit="#D55E00",
    quiet="#C9CFD8",
    band="rgba(0,114,178,0.16)",
    others=("#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    counts=((0.0, "#F3F7FA"), (0.5, "#7FB3D3"), (1.0, "#004B76")),
    changes=((0.0, "#8C510A"), (0.5, "#F7F7F7"), (1.0, "#01665E")),
)
DARK = Palette(
    candidate="#56B4E9",
    prior="#A9B1BA",
    limit="#F0803C",
    quiet="#46505E",
    band="rgba(86,180,233,0.20)",
    others=("#2FBF93", "#D993B8", "#E69F00", "#0072B2"),
    counts=((0.0, "#18202A"), (0.5, "#2F6E96"), (1.0, "#9AD4F5")),
    changes=((0.0, "#D8A25A"), (0.5, "#20262E"), (1.0, "#4FC1B5")),
)


def palette(mode: str | None) -> Palette:
    """Colours for "light" (also where the mode is not known) or "dark"."""
    return DARK if mode == "dark" else LIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of a table; `kinds` tells per column how its numbers are written (share, count, signed, number)."""

    rows: list[Row]
    kinds: Mapping[str, str] = field(default_factory=dict)

    def scaled(self) -> list[Row]:
        """The rows with shares in percent, for a table that formats numbers by itself; no text is a formula in a spreadsheet."""
        shares = {name for name, kind in self.kinds.items() if kind == "share"}
        return [
            {k: 100 * v if k in shares and v is not None else v for k, v in row.items()} for row in fmt.cells(self.rows)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture, what it shows in words, and its table. `key` is stable and unique on its page."""

    key: str
    title: str
    figure: Figure
    table: Table
    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An estimate on a row of a dot chart; `limits` are (value, word) and `other` the prior's (value, low, high)."""

    label: str
    subject: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    hover: str = ""
    small: bool = False
    limits: tuple[tuple[float, str], ...] = ()
    other: tuple[float, float | None, float | None] | None = None


def text(name: object, most: int = 34) -> str:
    """A user's name inside a figure, where Plotly would read markup."""
    return escape(fmt.cut_short(str(name), most), quote=False)


def tick(name: object, width: int = 24) -> str:
    """A user's name as a tick, on two lines where it is long."""
    whole = fmt.cut_short(str(name), 2 * width)
    if len(whole) <= width:
        return escape(whole, quote=False)
    at = max(whole.rfind(" ", 0, width + 1), whole.rfind("_", 0, width) + 1)
    at = at if at > 0 else width
    return f"{escape(whole[:at], quote=False)}<br>{escape(fmt.cut_short(whole[at:].strip(), width), quote=False)}"


def axis(title: str = "", *, kind: str = "number", **more: Any) -> dict[str, Any]:
    """An axis; shares are ticked in percent."""
    held: dict[str, Any] = {"automargin": True, "zeroline": False, **more}
    if title:
        held["title"] = {"text": title, "standoff": 18}
    if kind == "share":
        held["tickformat"] = ".3~p"
    return held


def figure(
    traces: Sequence[Mapping[str, Any]],
    *,
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    height: int = 300,
    shapes: Sequence[Mapping[str, Any]] = (),
    annotations: Sequence[Mapping[str, Any]] = (),
    legend: bool = False,
) -> Figure:
    """A whole figure; title and colours of the page around it are the page's."""
    layout: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 34 if annotations else 8, "b": 8},
        "xaxis": dict(x),
        "yaxis": dict(y),
        "showlegend": legend,
        "hovermode": "closest",
        "dragmode": False,
        "shapes": list(shapes),
        "annotations": list(annotations),
    }
    if legend:
        layout["legend"] = {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}
        layout["height"] = height + 24
    return {"data": [dict(t) for t in traces], "layout": layout}
