"""Set up: what exactly is tested?"""

from pathlib import Path

import streamlit as st
from validators.engine.places import UPLOAD_BYTES, adopt, data_root, known_projects, receive
from validators.engine.store import replace_file
from validators.engine.trial import resolve
from validators.io.project import PROJECT_FILE, read_project
from validators.views import fmt, setup

from pages._jobs import launch, watch
from pages._shell import ensure_shell, open_project, told

ensure_shell()


def bring() -> None:
    """Two ways in: an upload, or a folder under the data root."""
    with st.form("upload", clear_on_submit=True):
        name = st.text_input("Name of the project", key="su_name", placeholder="credit-default")
        files = st.file_uploader(
            setup.UPLOAD,
            type=setup.SUFFIXES,
            accept_multiple_files=True,
            key="su_files",
            max_upload_size=UPLOAD_BYTES >> 20,
        )
        sent = st.form_submit_button("Copy into a new project", type="primary")
    if sent and not files:
        st.error("No file was chosen: upload the test data at least.")
    elif sent:
        with told():
            land("my", *receive({f.name: f.getvalue() for f in files}, name or Path(files[0].name).stem))
    root = data_root()
    if root is None:
        st.caption("Larger than 200 MB: start the app with --data-root FOLDER and pick a folder there.")
        return
    folders = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    chosen = st.selectbox("A folder under the data root", folders, index=None, key="su_folder")
    if chosen and st.button("Use this folder", key="su_use"):
        with told():
            land("root", root / chosen, adopt(root / chosen))


def land(kind: str, folder: Path, reasons: tuple[str, ...]) -> None:
    """Open a project that was just made, and keep why it was guessed as it was."""
    st.session_state["_reasons"] = (folder.name, reasons)
    open_project(f"{kind}-{folder.name}", "pages/setup.py")
    st.rerun()


def show(name: str, folder: Path) -> bool:
    """What the project file says, why, and its text to mend; whether it can be run."""
    told_of, reasons = st.session_state.get("_reasons", ("", ()))
    if told_of == folder.name and reasons:
        st.markdown(
            "**What was guessed, and why. Where it is wrong, change the project file below, then run the checks.**"
        )
        st.markdown("\n".join(f"- {fmt.markdown(r)}" for r in reasons))
    ready = False
    with told():
        trial = resolve(read_project(folder))
        ready = True
        left, right = st.columns(2, gap="medium")
        left.dataframe(
            fmt.cells(setup.file_rows(trial)), key="su_inputs", hide_index=True, alt="Models and data of the project."
        )
        right.dataframe(fmt.cells(setup.column_rows(trial)), key="su_columns", hide_index=True, alt="Columns by role.")
    own, path = name.startswith("my-"), folder / PROJECT_FILE
    with st.expander("Project file (seatrial.toml)", expanded=not ready), st.form("toml"):
        text = st.text_area("Project file", path.read_text("utf-8"), height=360, key=f"su_{name}", disabled=not own)
        if st.form_submit_button("Save and read again", disabled=not own):
            replace_file(path, text.encode())
            st.rerun()
        if not own:
            st.caption(setup.READ_ONLY)
    return ready


st.title("Set up")
st.markdown("What exactly is tested?")
name = st.session_state.get("project")
folder = known_projects().get(name) if name else None
with st.expander("Add a model and data", expanded=folder is None, key=f"su_add_{folder is None}"):
    bring()
if folder is not None:
    st.header(fmt.markdown(name))
    if show(name, folder):
        launch(name, folder)
    watch(name, folder)
