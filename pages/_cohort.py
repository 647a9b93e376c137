"""The saved slice that every page looks at: its control, what a page says of it, and how one is saved."""

from pathlib import Path

import streamlit as st
from validators.core.errors import ProjectError
from validators.engine.places import Open
from validators.engine.store import replace_file
from validators.io.project import PROJECT_FILE
from validators.io.slices import declared, with_slice
from validators.views import cohort, fmt

from pages._charts import show_table

HELP = "A slice of the project file. Pages show what the run measured about it, and say where that is nothing."


def known_slices(project: Path, held: Open | None) -> dict[str, str]:
    """Slices of the run and of the project file as it is."""
    file = project / PROJECT_FILE
    saved = declared(file.read_text("utf-8", "replace")) if file.is_file() else {}
    return cohort.known(None if held is None else held.document, saved)


def control(project: Path, held: Open | None) -> None:
    """Which slice the pages look at; none is all rows."""
    names = list(known_slices(project, held))
    if st.session_state.get("slice") not in (None, *names):
        del st.session_state["slice"]
    if names:
        st.selectbox("Slice", names, index=None, key="slice", bind="query-params", placeholder="All rows", help=HELP)


def chosen_slice(held: Open) -> tuple[str, str] | None:
    """Name and condition of the slice that was chosen."""
    known, name = known_slices(held.project, held), st.session_state.get("slice")
    return (name, known[name]) if name in known else None


def show_slice(held: Open, family: str | None = None) -> None:
    """What a page has about the chosen slice."""
    chosen = chosen_slice(held)
    if chosen is None:
        return
    name, condition = chosen
    with st.container(border=True, key="cohort"):
        st.markdown(f"**Slice {fmt.markdown(cohort.title(name, condition))}**")
        st.markdown(fmt.markdown(cohort.sentence(held.document, condition, family)))
        table = cohort.table(held.document, condition, family)
        if table.rows:
            show_table(table, "cohort_table", alt=f"What was measured about {name}.")


def save_slice(held: Open, condition: str) -> None:
    """Put a slice into the project file of one's own project; show the line for any other."""
    text = (held.project / PROJECT_FILE).read_text("utf-8")
    st.caption("Under [slices] in seatrial.toml: every page can then look at it, and every later run tests it.")
    name = st.text_input("Name", cohort.unique(list(declared(text)), "slice"), key="sl_name")
    if not held.id.startswith(("my-", "this-")):
        st.code(f"{name} = '{condition}'", language="toml")
        st.caption("This project is not yours to change: recompute it in Set up, which makes a copy that is.")
        return
    if st.button("Save", key="sl_save", type="primary"):
        try:
            changed = with_slice(text, name, condition)
        except ProjectError as error:
            st.error(fmt.markdown(error))
            return
        replace_file(held.project / PROJECT_FILE, changed.encode())
        st.success(fmt.markdown(f"Saved as {name}. Choose it under Slice; run the trial again to measure it."))
