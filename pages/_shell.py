"""What the pages share: the guard for deep links, the open project and run, charts, tables, the skeleton of a family's page."""

import hashlib
import json
import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine.documents import grid_from, summaries_from
from validators.engine.jobs import Job, listed
from validators.engine.places import home, known_projects, runs_of
from validators.engine.results import read_results
from validators.views import fmt, reading, sentences
from validators.views.chart import Chart, Palette, Table, palette
from validators.views.docs import check_texts
from validators.views.pages import charts_of
from validators.views.tables import result_tables
from validators.views.words import FAMILIES, VERDICTS

APP = Path(__file__).resolve().parents[1] / "app.py"
PLAIN = {"scrollZoom": False, "displayModeBar": False}
FORMATS = {"share": "percent", "count": "localized", "number": "%.4g", "signed": "%+.4g"}
OTHER_PAGES = {
    "home": "Home", "setup": "Set up", "overview": "Overview", "slices": "Slices", "snapshot": "Snapshot",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The open project and run. `document` is its results.json, parsed once per content and never changed."""

    id: str
    project: Path
    run: Path
    document: dict[str, Any]
    digest: str


def ensure_shell() -> None:
    """First line of every page: a deep link into a fresh server runs pages/x.py without app.py; hand over to it."""
    if not st.session_state.get("_shell"):
        runpy.run_path(str(APP))
        st.stop()
    landing = st.session_state.pop("_landing", None)
    if landing is not None:
        st.switch_page(landing)


def open_project(name: str, landing: str = "pages/overview.py", run: str | None = None) -> None:
    """Open a project and go to a page: a callback, for it sets what a widget of the sidebar holds."""
    st.session_state["project"] = name
    st.session_state["_landing"] = landing
    if run is not None:
        st.session_state["run"] = run


def opened() -> Open | None:
    """The open project with its run; None when no project is chosen, or it has no run yet."""
    name = st.session_state.get("project")
    project = known_projects().get(name) if name else None
    return None if project is None else open_run(name, project, st.session_state.get("run"))


def open_run(name: str, project: Path, run: str | None = None) -> Open | None:
    """A run of a project, the newest when none is named; None where it has none."""
    runs = runs_of(project)
    if not runs:
        return None
    folder = runs.get(run or "") or next(iter(runs.values()))
    digest = hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()
    return Open(id=name, project=project, run=folder, document=_document(folder, digest), digest=digest)


@st.cache_resource(max_entries=16, show_spinner=False)
def _document(_run: Path, digest: str) -> dict[str, Any]:  # noqa: ARG001 - the digest is the key
    return read_results(_run)


def summaries(held: Open) -> tuple[dict[Any, Any], Any]:
    """Portable summaries and grid of a run; raises RunError when they cannot be read."""
    return _summaries(held.run, held.digest)


@st.cache_resource(max_entries=4, show_spinner="Reading the summaries")
def _summaries(_run: Path, digest: str) -> tuple[dict[Any, Any], Any]:  # noqa: ARG001 - the digest is the key
    read = {name: _json(_run / f"{name}.json") for name in ("summaries", "grid")}
    return summaries_from(read["summaries"]), grid_from(read["grid"])


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes()))


def titles() -> dict[str, str]:
    """Titles of the pages for the menu; a family that the open run did not test says so."""
    held = opened_or_none()
    names = dict(OTHER_PAGES)
    for family, words in FAMILIES.items():
        idle = held is not None and reading.family_verdict(held.document, family) == "NOT_RUN"
        names[family] = f"{words.title} · not run" if idle else words.title
    return names


def opened_or_none() -> Open | None:
    """As `opened`, where a run that cannot be read counts as none: the page itself will say why."""
    try:
        return opened()
    except SeatrialError:
        return None


def sidebar() -> None:
    """The context: which project, which run; and the jobs that are at work."""
    with st.sidebar:
        projects = list(known_projects())
        first = next((i for i, name in enumerate(projects) if name.startswith("this-")), None)
        st.selectbox(
            "Project", projects, index=first, key="project", bind="query-params", placeholder="Choose a project"
        )
        name = st.session_state.get("project")
        project = known_projects().get(name) if name else None
        if project is not None:
            runs = list(runs_of(project))
            if len(runs) > 1:
                st.selectbox("Run", runs, key="run", bind="query-params", help="The newest first.")
            active = [job for job in listed(project) if job.active]
            for job in active:
                st.caption(f"{fmt.markdown(job.what)}, {fmt.share(job.share, 0)}")
            if active:
                st.page_link("pages/setup.py", label=f"{len(active)} at work", query_params={"project": name})


def colours() -> Palette:
    """The palette of the mode that the browser shows."""
    return palette(st.context.theme.type)


def need_run() -> Open:
    """The open run, or an explanation of how to get one instead of the page."""
    try:
        held = opened()
    except SeatrialError as error:
        st.error(fmt.markdown(error))
        st.stop()
    if held is None:
        _explain_empty()
        st.stop()
    return held


def _explain_empty() -> None:
    if st.session_state.get("project"):
        st.info("This project has no run yet. Start one in Set up; a quick one takes under a minute.")
        st.page_link("pages/setup.py", label="Go to Set up")
        return
    st.info("Nothing has been run. Open a sample project or add a model.")
    st.page_link("pages/home.py", label="Open a sample project")
    st.page_link("pages/setup.py", label="Add a model")


def badge(verdict: str, words: Any = None) -> None:
    """A verdict: sign, word and colour; the rule as its tooltip."""
    held = words or VERDICTS[verdict]
    st.badge(f"{held.sign} {held.word}", color=held.colour, help=held.rule)


def show_table(table: Table, key: str, **more: Any) -> Any:
    """A table; numbers are written by their kinds."""
    columns = {name: st.column_config.NumberColumn(format=FORMATS[kind]) for name, kind in table.kinds.items()}
    return st.dataframe(table.rows, key=key, hide_index=True, column_config=columns, **more)


def show_chart(chart: Chart, key: str, *, table: bool = True, **more: Any) -> Any:
    """A chart under its title, its caption and its table."""
    st.markdown(f"**{fmt.markdown(chart.title)}**")
    event = st.plotly_chart(chart.figure, key=f"{key}_{chart.key}", alt=chart.alt, **{"config": PLAIN, **more})
    if chart.caption:
        st.caption(fmt.markdown(chart.caption))
    if table:
        with st.expander("Table"):
            show_table(chart.table, f"{key}_{chart.key}_table", alt=chart.alt)
    return event


def show_head(document: dict[str, Any], family: str) -> None:
    """Title, the one question, and the verdict in a sentence."""
    words = FAMILIES[family]
    st.title(words.title)
    st.markdown(words.question)
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(reading.family_verdict(document, family))
        st.markdown(fmt.markdown(sentences.family_sentence(document, family)), width="stretch")


def show_checks(held: Open, results: Sequence[dict[str, Any]]) -> None:
    """Every check: verdict and sentence, why it was not run or what would settle it, its numbers, the command, the help."""
    st.subheader("Checks")
    for result in results:
        verdict, code = reading.verdict_of(result), result["check"]
        words = VERDICTS[verdict]
        with st.expander(f":{words.colour}[{words.sign} {words.word}]  {code} {fmt.markdown(result['title'])}"):
            st.markdown(fmt.markdown(sentences.result_sentence(result)))
            open_ends = sentences.open_ends(result)
            if open_ends:
                st.markdown(fmt.markdown(open_ends))
            for name, table in result_tables(result):
                st.caption(fmt.markdown(name))
                show_table(table, f"check_{code}_{name}", alt=f"{code}: {name}")
            st.code(f"seatrial run {held.project} --check {code}", language="bash")
            text = check_texts().get(code)
            for heading, part in (text.parts if text else {}).items():
                st.markdown(f"**{heading}.** {fmt.markdown(part)}")


def show_family(family: str) -> None:
    """A family's whole page: head, headline chart wide and second beside it, the rest in pairs, the checks."""
    held = need_run()
    show_head(held.document, family)
    charts = charts_of(held.document, family, colours())
    show_charts(charts, family)
    show_checks(held, reading.results(held.document, family))


def show_charts(charts: Sequence[Chart], key: str) -> None:
    """Charts in rows of two, the headline wider."""
    for at in range(0, len(charts), 2):
        columns = st.columns([3, 2] if at == 0 else 2, gap="medium") if len(charts) > 1 else [st.container()]
        for column, chart in zip(columns, charts[at : at + 2], strict=False):
            with column:
                show_chart(chart, key)


def places() -> Path:
    """Where the jobs of this installation take their turns."""
    return home() / "places"


def job_line(job: Job) -> str:
    """``running · DRF101 ..., 42% · 12 s``."""
    return f"{job.state.value} · {job.what} · {fmt.share(job.share, 0)} · {fmt.duration(job.seconds)}"
