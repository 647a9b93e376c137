"""How a difference between two documents is shown: sentence, sides, families, one metric drawn, tables of what differs."""

from pathlib import Path
from typing import Any

import streamlit as st
from validators.engine.places import home, known_projects, runs_of
from validators.snapshot.verify import results_of
from validators.views import comparison, diff_words, fmt
from validators.views.diff import Difference
from validators.views.words import OVERALL

from pages._shell import badge, colours, show_chart, told


def sides() -> dict[str, Path]:
    """Every run of the projects that the app knows, and every snapshot signed here, newest first, by its name in the address."""
    found = {
        f"{name} · {run}": path for name, folder in known_projects().items() for run, path in runs_of(folder).items()
    }
    return found | {
        f"snapshot · {p.name} · {p.parent.name}": p
        for p in sorted((home() / "snapshots").glob("*/*/*.zip"), key=lambda p: p.parent.name, reverse=True)
    }


def read(names: dict[str, Path], chosen: str | None) -> dict[str, Any] | None:
    """The results of a side; None when none was chosen or they cannot be read, which is said."""
    with told():
        return results_of(names[chosen]) if chosen in names else None
    return None


def show(found: Difference) -> None:
    """Sentence, sides, families, checks that differ, one metric drawn, every measurement that differs."""
    heading(found)
    left, right = st.columns([3, 2], gap="medium")
    left.dataframe(
        diff_words.side_rows(found.a, found.b),
        key="cm_sides",
        height="content",
        hide_index=True,
        alt="What stands on each side.",
    )
    right.dataframe(
        diff_words.family_rows(found.a, found.b),
        key="cm_families",
        height="content",
        hide_index=True,
        alt="Families on each side.",
    )
    names = comparison.choices(found)
    if names:
        name = st.selectbox("Metric", list(names), key="cm_metric", bind="query-params", format_func=names.get)
        show_chart(comparison.chart(found, name, colours()), "cm_drawn")
    details(found, "cm")


def heading(found: Difference) -> None:
    """The verdicts of both sides and what differs, in a sentence."""
    with st.container(horizontal=True, vertical_alignment="center", key="verdict"):
        for document in (found.a, found.b):
            badge(document["verdict"], OVERALL[document["verdict"]])
        st.markdown(fmt.markdown(found.sentence), width="stretch")
    if found.inputs:
        st.caption(f"Not the same on both sides: {fmt.markdown(', '.join(found.inputs))}.")


def details(found: Difference, key: str) -> None:
    """Tables of the checks and measurements that differ."""
    if found.checks:
        st.header("Checks that differ")
        st.dataframe(
            fmt.cells(diff_words.check_change_rows(found.checks)),
            key=f"{key}_checks",
            hide_index=True,
            alt="Checks that differ.",
        )
    if found.numbers:
        st.header("Measurements that differ")
        st.dataframe(
            fmt.cells(diff_words.number_rows(found.numbers)),
            key=f"{key}_numbers",
            hide_index=True,
            alt="Measurements that differ.",
        )
