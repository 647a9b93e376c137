"""Home: a sample project in one click, one's own model and data, and what was open before."""

from pathlib import Path

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine.places import known_projects, runs_of, samples
from validators.views import fmt
from validators.views.samples import blurb
from validators.views.words import OVERALL

from pages._shell import badge, ensure_shell, open_project, open_run

ensure_shell()
FIRST = "lending"


def verdict(name: str, folder: Path) -> None:
    """Verdict of a project's newest run; nothing where it has none that can be read."""
    try:
        held = open_run(name, folder)
    except SeatrialError:
        held = None
    if held is not None:
        badge(held.document["verdict"], OVERALL[held.document["verdict"]])


st.title("Validate a model before it ships")
st.markdown(
    "Load a candidate model and its data, try to break it, see where it is weak and by how much, "
    "and leave with a signed record that anyone can verify."
)
st.header("Sample projects")
shipped = dict(sorted(samples().items(), key=lambda item: item[0] != FIRST))
for column, (name, folder) in zip(st.columns(max(len(shipped), 1)), shipped.items(), strict=False):
    with column, st.container(border=True, height="stretch", key=f"sample_{name}"):
        st.markdown(f"**{fmt.markdown(name)}**")
        with st.container(height="stretch"):
            st.markdown(fmt.markdown(blurb(name)))
            verdict(name, folder)
        st.button(
            f"Open {name}", key=f"open_{name}", on_click=open_project, args=(name,), type="primary", width="stretch"
        )
if not shipped:
    st.info("No sample project is installed.")
st.caption(
    "Results are ready; nothing leaves this machine. Three steps: open lending and find the slice that fails, sign the run "
    "under Snapshot, verify it as an auditor would."
)

st.header("Your own")
with st.container(border=True, key="own"):
    st.markdown(
        "A model and its data, or a file of predictions. What can be guessed is guessed, shown, and confirmed by you."
    )
    if st.button("Add my model and data", key="add"):
        st.switch_page("pages/setup.py", query_params={})
others = [name for name in known_projects() if name not in shipped]
if others:
    st.header("Recent")
    for name in others[:12]:
        folder = known_projects()[name]
        runs = len(runs_of(folder))
        with st.container(horizontal=True, vertical_alignment="center", key=f"recent_{name}"):
            st.button(name, key=f"open_{name}", on_click=open_project, args=(name,))
            verdict(name, folder)
            st.caption(f"{runs} {'run' if runs == 1 else 'runs'}")
