"""What the pages share: the guard for deep links, the open project and run, charts, tables, the skeleton of a family's page."""

import runpy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine.jobs import listed
from validators.engine.places import Open, known_projects, read_summaries, runs_of
from validators.engine.posture import refusal
from validators.engine.results import read_results
from validators.engine.store import file_digest
from validators.views import fmt, reading, sentences
from validators.views.chart import Table
from validators.views.docs import check_texts
from validators.views.pages import charts_of, page_titles
from validators.views.tables import grouping_sentence, result_tables
from validators.views.words import FAMILIES, LOGO, VERDICTS

from pages._charts import badge, colours, show_chart, show_charts, show_table  # noqa: F401 - pages take them from here
from pages._cohort import control, show_slice
from pages._trust import show_trust

APP = Path(__file__).resolve().parents[1] / "app.py"


def only_here() -> None:
    """Show nothing to anybody where the server answers other machines and no proxy stands before it."""
    refused = refusal(st.get_option("server.address")) if st.runtime.exists() else ""
    if refused:
        st.error(fmt.markdown(refused))
        st.stop()


def ensure_shell() -> None:
    """First line of every page: a deep link into a fresh server runs pages/x.py without app.py; hand over to it."""
    if not st.session_state.get("_shell"):
        runpy.run_path(str(APP))
        st.stop()
    landing = st.session_state.pop("_landing", None)
    if landing is not None:
        st.switch_page(landing, query_params={})  # without the dict it refuses to leave what widgets hold


def open_project(name: str, landing: str = "pages/overview.py", run: str | None = None) -> None:
    """Open a project at the next run of the script and go to a page; usable as a callback."""
    st.session_state["_open"] = (name, landing, run)


def settle() -> None:
    """Do what `open_project` asked for, before any widget exists that holds it."""
    asked = st.session_state.pop("_open", None)
    if asked is not None:
        st.session_state["project"], st.session_state["_landing"] = asked[:2]
        st.session_state["run"] = asked[2]


@contextmanager
def told() -> Iterator[None]:
    """Say what a user did wrong in a sentence instead of a traceback."""
    try:
        yield
    except SeatrialError as error:
        st.error("\n".join(f"- {fmt.markdown(line)}" for line in str(error).splitlines()))
    except OSError as error:
        st.error(fmt.markdown(f"{error.filename or 'a file'}: cannot be read or written ({error.strerror or error})"))


def opened() -> Open | None:
    """The open project with its run; None when no project is chosen, or it has no run yet."""
    name, project = chosen_project()
    return None if project is None else open_run(name, project, st.session_state.get("run"))


def chosen_project() -> tuple[str, Path | None]:
    """The project that the control holds; before it is drawn, that of the address, else the one that the app was started with."""
    known = known_projects()
    name = st.session_state.get("project", st.query_params.get("project", first_project(known)))
    return name or "", known.get(name or "")


def first_project(known: Iterable[str]) -> str | None:
    """The project that the app was started with."""
    return next((name for name in known if name.startswith("this-")), None)


def open_run(name: str, project: Path, run: str | None = None) -> Open | None:
    """A run of a project, the newest when none is named; None where it has none."""
    runs = runs_of(project)
    if not runs:
        return None
    folder = runs.get(run or "") or next(iter(runs.values()))
    digest = file_digest(folder / "results.json")
    return Open(id=name, project=project, run=folder, document=_document(folder, digest), digest=digest)


@st.cache_resource(max_entries=16, show_spinner=False)
def _document(_run: Path, digest: str) -> dict[str, Any]:  # noqa: ARG001 - the digest is the key
    return read_results(_run)


def summaries(held: Open, *wanted: str) -> tuple[dict[Any, Any], Any]:
    """Some summaries (``test:totals``) and the grid of a run; raises RunError when they cannot be read."""
    return _summaries(held.run, held.digest, wanted)


@st.cache_resource(max_entries=4, show_spinner="Reading the summaries")
def _summaries(_run: Path, digest: str, wanted: tuple[str, ...]) -> tuple[dict[Any, Any], Any]:  # noqa: ARG001 - the key
    return read_summaries(_run, *wanted)


def titles() -> dict[str, str]:
    """Titles of the pages for the menu."""
    held = opened_or_none()
    return page_titles(None if held is None else held.document)


def opened_or_none() -> Open | None:
    """As `opened`, where a run that cannot be read counts as none: the page itself will say why."""
    try:
        return opened()
    except SeatrialError:
        return None


def sidebar() -> None:
    """The context: which project, which run; and the jobs that are at work."""
    st.logo(LOGO, size="large")
    with st.sidebar:
        projects = list(known_projects())
        first = first_project(projects)
        at = None if first is None else projects.index(first)
        st.selectbox("Project", projects, index=at, key="project", bind="query-params", placeholder="Choose a project")
        name, project = chosen_project()
        if project is not None:
            runs = list(runs_of(project))
            if len(runs) > 1:
                st.selectbox("Run", runs, key="run", bind="query-params", help="The newest first.")
            control(project, opened_or_none())
            active = sum(job.active for job in listed(project))
            if active:
                jobs = "1 job" if active == 1 else f"{active} jobs"
                st.page_link("pages/setup.py", label=f"{jobs} at work", query_params={"project": name})


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


def show_head(title: str, question: str, verdict: str, sentence: str, hint: str = "") -> None:
    """Title, the one question, the verdict in a sentence, and what would settle it if it is open."""
    st.title(title)
    st.markdown(question)
    with st.container(horizontal=True, vertical_alignment="center", key="verdict"):
        badge(verdict)
        st.markdown(fmt.markdown(sentence), width="stretch")
    if hint:
        st.caption(fmt.markdown(hint))


def show_family_head(held: Open, family: str) -> None:
    """Head of a family's page; where nothing was run, why, and where to provide what is missing."""
    document, words = held.document, FAMILIES[family]
    verdict = reading.family_verdict(document, family)
    hint = sentences.family_hint(document, family)
    show_head(words.title, words.question, verdict, sentences.family_sentence(document, family), hint)
    if verdict == "NOT_RUN":
        skipped = reading.not_run(document, family)
        for why, codes in sentences.reasons(skipped).items():
            st.info(fmt.markdown(f"{', '.join(codes)}: {why}"))
        label = "Provide it in Set up" if skipped else "Run the trial in Set up"
        arrow = ":material/arrow_forward:"
        st.page_link("pages/setup.py", label=label, icon=arrow, query_params={"project": held.id})
    show_slice(held, family)


def show_checks(held: Open, results: Sequence[dict[str, Any]]) -> None:
    """Every check: verdict and sentence, why it was not run or what would settle it, its numbers, the command, the help."""
    if results:
        st.header("Checks")
        st.caption(grouping_sentence(held.document))
    for result in results:
        words, code = VERDICTS[reading.verdict_of(result)], result["check"]
        label = f":{words.colour}[{words.sign} {words.word}] {code} {fmt.markdown(result['title'])}"
        opened_ = st.expander(label, key=f"check_{code}", on_change="rerun")
        if opened_.open:
            with opened_:
                _show_check(held, result)
    show_trust(held, results)


def _show_check(held: Open, result: dict[str, Any]) -> None:
    code = result["check"]
    st.markdown(fmt.markdown(sentences.result_sentence(result)))
    hint = sentences.open_ends(result)
    if hint:
        st.markdown(fmt.markdown(hint))
    for name, table in result_tables(result):
        st.caption(fmt.markdown(name))
        show_table(table, f"check_{code}_{name}", alt=f"{code}: {name}")
    st.caption("The command that gives these numbers again")
    st.code(sentences.command(held.project, code), language="bash")
    text = check_texts().get(code)
    for heading, part in (text.parts if text else {}).items():
        st.markdown(f"**{heading}.** {fmt.prose(part)}")


def show_family(family: str) -> None:
    """A family's whole page: head, headline chart wide and second beside it, the rest in pairs, the checks."""
    held = need_run()
    show_family_head(held, family)
    show_charts(charts_of(held.document, family, colours()), family)
    show_checks(held, reading.results(held.document, family))


def show_notes(title: str, sentences_: Iterable[str], table: Table | None, key: str) -> None:
    """A part of a page that is words and a table; nothing where there is no table."""
    if table is None:
        return
    st.header(title)
    for sentence in sentences_:
        st.caption(fmt.markdown(sentence))
    show_table(table, key, alt=title)
