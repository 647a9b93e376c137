"""Set up: what exactly is tested?"""

from pathlib import Path

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine import jobs
from validators.engine.places import data_root, known_projects, new_project, runs_of, safe_name
from validators.engine.trial import resolve
from validators.io.guess import guess_project
from validators.io.project import PROJECT_FILE, read_project
from validators.views import fmt, setup

from pages._shell import ensure_shell, job_line, open_project, places

ensure_shell()
SUFFIXES = ["parquet", "csv", "arrow", "feather", "skops", "joblib", "pkl", "ubj", "json", "txt", "py", "toml"]


def receive(files: list, name: str) -> str:
    """Copy an upload into a new project folder at once, guess its project file, and return its id."""
    folder = new_project(name)
    for file in files:
        (folder / safe_name(file.name)).write_bytes(file.getbuffer())
    write_guess(folder)
    return f"my-{folder.name}"


def write_guess(folder: Path) -> None:
    """A first project file where there is none; its reasons are kept for the page."""
    if (folder / PROJECT_FILE).exists():
        return
    guess = guess_project(folder)
    (folder / PROJECT_FILE).write_text(guess.toml, encoding="utf-8")
    st.session_state[f"_reasons_{folder}"] = guess.reasons


def bring() -> None:
    """Two ways in: an upload, or a folder under the data root."""
    with st.form("upload", clear_on_submit=True):
        name = st.text_input("Name of the project", key="su_name", placeholder="credit-default")
        files = st.file_uploader(
            "Model and data files: test.parquet, train, reference, production; candidate.skops, prior.skops",
            type=SUFFIXES, accept_multiple_files=True, key="su_files", max_upload_size=200,
        )  # fmt: skip
        sent = st.form_submit_button("Copy into a new project", type="primary")
    if sent and files:
        try:
            made = receive(files, name or Path(files[0].name).stem)
        except SeatrialError as error:
            st.error(fmt.markdown(error))
        else:
            st.session_state["_opened"] = made
            st.rerun()
    root = data_root()
    if root is None:
        st.caption("Larger than 200 MB: start the app with --data-root FOLDER and pick a folder there.")
        return
    folders = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    chosen = st.selectbox(f"A folder under {root}", folders, index=None, key="su_folder")
    if chosen and st.button("Use this folder", key="su_use"):
        try:
            write_guess(root / chosen)
        except (SeatrialError, OSError) as error:
            st.error(fmt.markdown(error))
        else:
            st.session_state["_opened"] = f"root-{chosen}"
            st.rerun()


def confirm(name: str, folder: Path) -> bool:
    """The project file as it is read, its reasons, and its text to mend; whether it can be run."""
    for reason in st.session_state.get(f"_reasons_{folder}", ()):
        st.markdown(f"- {fmt.markdown(reason)}")
    try:
        trial = resolve(read_project(folder))
    except SeatrialError as error:
        st.error("\n".join(f"- {fmt.markdown(line)}" for line in str(error).splitlines()))
        trial = None
    else:
        left, right = st.columns(2, gap="medium")
        left.dataframe(setup.file_rows(trial), key="su_inputs", hide_index=True, alt="Models and data of the project.")
        right.dataframe(setup.column_rows(trial), key="su_columns", hide_index=True, alt="Columns by role.")
    own = name.startswith("my-")
    with st.expander("seatrial.toml", expanded=trial is None):
        with st.form("toml"):
            text = st.text_area("Project file", (folder / PROJECT_FILE).read_text("utf-8"), height=360, key=f"su_toml_{name}", disabled=not own)  # fmt: skip
            if st.form_submit_button("Save and read again", disabled=not own):
                (folder / PROJECT_FILE).write_text(text, encoding="utf-8")
                st.rerun()
    return trial is not None


def launch(name: str, folder: Path) -> None:
    """Suite and the button that starts a job."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suite = st.segmented_control("Suite", ["quick", "release"], default="quick", key="su_suite", help=setup.SUITES)
        started = st.button("Run the checks", type="primary", key="su_run")
    if started:
        st.query_params["job"] = jobs.start(folder, ["--suite", suite or "quick"], places=places())


@st.fragment(run_every=1.0)
def watch(name: str, folder: Path, job: str) -> None:
    """Progress of a job; it is read from files, so a reload of the page loses nothing."""
    held = jobs.read(folder, job)
    if held is None:
        return
    st.progress(held.share, text=fmt.markdown(job_line(held)))
    if held.active:
        st.button("Cancel", key=f"cancel_{job}", on_click=jobs.cancel, args=(folder, job))
    elif held.state is jobs.State.DONE:
        st.button(
            "Show the results",
            key=f"show_{job}",
            type="primary",
            on_click=open_project,
            args=(name,),
            kwargs={"run": job},
        )
    else:
        st.error(fmt.markdown(setup.ended(held)))


st.title("Set up")
st.markdown("What exactly is tested?")
name = st.session_state.get("project")
folder = known_projects().get(name) if name else None
with st.expander("Add a model and data", expanded=folder is None):
    bring()
if folder is not None:
    st.subheader(fmt.markdown(name))
    shipped = "results" in runs_of(folder)
    if confirm(name, folder) and not shipped:
        launch(name, folder)
    active = [j.id for j in jobs.listed(folder)[:3]]
    job = st.query_params.get("job") or next(iter(active), None)
    if job:
        watch(name, folder, job)
