"""How a verdict, a table and a chart are shown."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from validators.views import fmt
from validators.views.chart import Chart, Palette, Table, palette
from validators.views.words import VERDICTS

PLAIN = {"scrollZoom": False, "displayModeBar": False}
LINE = (92, 58)  # characters of a caption to a line, in the wide column and in the narrow one
FORMATS = {"share": "%.1f%%", "count": "localized", "number": "%.3f", "signed": "%+.3f"}


def colours() -> Palette:
    """The palette of the mode that the browser shows."""
    return palette(st.context.theme.type)


def badge(verdict: str, words: Any = None) -> None:
    """A verdict: sign, word and colour; the rule as its tooltip."""
    held = words or VERDICTS[verdict]
    st.badge(f"{held.sign} {held.word}", color=held.colour, help=held.rule)


def show_table(table: Table, key: str, **more: Any) -> Any:
    """A table; numbers are written by their kinds, an en dash stands for a missing one."""
    columns = {name: st.column_config.NumberColumn(format=FORMATS[kind]) for name, kind in table.kinds.items()}
    return st.dataframe(table.scaled(), key=key, hide_index=True, column_config=columns, placeholder=fmt.NONE, **more)


def show_words(rows: Sequence[dict[str, Any]], alt: str) -> None:
    """A short table of words, whose long cells wrap instead of being cut."""
    st.table([{k: fmt.markdown(v) for k, v in row.items()} for row in rows], hide_index=True, alt=alt)


def show_chart(chart: Chart, key: str, *, table: bool = True, **more: Any) -> Any:
    """A chart under its title, its caption and its table."""
    st.markdown(f"**{fmt.markdown(chart.title)}**")
    event = st.plotly_chart(chart.figure, key=f"{key}_{chart.key}", alt=chart.alt, **{"config": PLAIN, **more})
    if chart.caption:
        st.caption(fmt.markdown(chart.caption))
    if table:
        with st.expander("Table", type="compact"):
            show_table(chart.table, f"{key}_{chart.key}_table", alt=chart.alt)
    return event


def show_charts(charts: Sequence[Chart], key: str) -> None:
    """Charts in two columns, the headline wide on the left; each next one goes where there is more room."""
    columns, filled = st.columns([3, 2][: max(len(charts), 1)], gap="medium"), [0] * min(len(charts), 2)
    for chart in charts:
        place = filled.index(min(filled))
        lines = len(chart.caption) // LINE[place]
        filled[place] += chart.figure["layout"]["height"] + 130 + 21 * lines
        with columns[place]:
            show_chart(chart, key)
