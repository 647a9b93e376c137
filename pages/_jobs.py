"""Jobs on the page: the bar that starts one, its progress, its cancel button, and what a recomputed sample shows."""

import hashlib
from pathlib import Path

import streamlit as st
from validators.engine import jobs
from validators.engine.places import Open, home, job_places, run_options, runs_of, samples, user_copy
from validators.engine.settings import job_limits
from validators.engine.store import replace_file
from validators.io.project import PROJECT_FILE
from validators.views import fmt, setup
from validators.views.compare import compare

from pages._shell import open_project, open_run, told


def launch(name: str, folder: Path) -> None:
    """Suite, tier, and the button that starts a job."""
    shipped, text = "results" in runs_of(folder), (folder / PROJECT_FILE).read_text("utf-8")
    with st.container(horizontal=True, vertical_alignment="bottom", key="su_bar"):
        tier = st.selectbox("Policy tier", list(setup.TIERS), index=setup.tier_of(text) - 1, format_func=setup.TIERS.get,
                            key=f"su_tier_{name}", width=180, disabled=not name.startswith("my-"), help=setup.TIER)  # fmt: skip
        default = "release" if shipped else "quick"
        kinds = ["quick", "release"]
        suite = st.segmented_control(
            "Suite", kinds, default=default, key=f"su_suite_{name}", required=True, help=setup.SUITES
        )
        started = st.button("Recompute" if shipped else "Run the checks", type="primary", key="su_run")
    if started:
        with told():
            target = user_copy(folder) if shipped else folder
            if not shipped and name.startswith("my-"):
                replace_file(folder / PROJECT_FILE, setup.with_tier(text, tier).encode())
            job = jobs.start(
                target,
                ["--suite", suite, *run_options()],
                places=job_places(),
                owner=visitor(),
                limits=job_limits(home()),
            )
            if shipped:
                open_project(f"my-{target.name}", "pages/setup.py")
                st.rerun()
            st.query_params["job"] = job


def visitor() -> str:
    """Whose browser this is, also after a reload: a digest of its cookie against forged requests."""
    cookie = st.context.cookies.get("_streamlit_xsrf", "")
    return hashlib.sha256(cookie.encode()).hexdigest()[:16]


def watch(name: str, folder: Path) -> None:
    """The job that the address names, else the newest: it is read from files, so a reload of the page loses nothing."""
    job = st.query_params.get("job") or next((j.id for j in jobs.listed(folder)), None)
    held = jobs.read(folder, job) if job else None
    if held is None:
        return
    if held.active:
        st.query_params["job"] = held.id
        _follow(name, folder, held.id)
    else:
        _show(name, held)


@st.fragment(run_every=1.0)
def _follow(name: str, folder: Path, job: str) -> None:
    held = jobs.read(folder, job)
    if held is None or not held.active:
        st.rerun()
        return
    _show(name, held)
    st.button("Cancel", key=f"cancel_{job}", on_click=jobs.cancel, args=(folder, job))


def _show(name: str, held: jobs.Job) -> None:
    if held.active or held.state is jobs.State.DONE:
        st.progress(held.share, text=fmt.markdown(setup.job_line(held)))
    else:
        st.warning(fmt.markdown(setup.ended(held)))
    if held.state is jobs.State.DONE:
        st.button(
            "Show the results",
            key=f"show_{held.id}",
            type="primary",
            on_click=open_project,
            args=(name,),
            kwargs={"run": held.id},
        )


def same_numbers(held: Open) -> None:
    """For the copy of a sample: whether its run gives the numbers that were shipped."""
    shipped = samples().get(held.id.removeprefix("my-")) if held.id.startswith("my-") else None
    if shipped is None or "results" not in runs_of(shipped) or held.document["plan"]["suite"] != "release":
        return
    original = open_run(held.id, shipped)
    if original is None:
        return
    found = compare(original.document, held.document)
    with st.expander(f"Against the shipped results. {fmt.markdown(found.sentence)}", key="same_numbers"):
        st.markdown("\n".join(f"- {fmt.markdown(d)}" for d in found.differences) or "No difference.")
