"""`run`, `init`, `explain`, `demo`: from a folder of files to a run folder."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..catalog import catalog, check_of
from ..core.errors import ProjectError
from ..core.policy import EXIT_CODES
from ..engine.places import samples, user_copy
from ..engine.plan import Suite
from ..engine.store import replace_file
from ..engine.workers import DASK
from ..io.guess import guess_project
from ..io.project import PROJECT_FILE
from ..models.loading import listed_features
from ..views.text import summary_lines
from .execute import Run, execute, to_stderr
from .progress import reporting

SUITES = ("quick", "release")
Unconfined = Annotated[
    bool,
    typer.Option("--allow-unconfined", help="Load models that run code even where this machine cannot confine them."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(init)
    app.command()(explain)
    app.command()(demo)


def workers_of(text: str) -> int | str:
    """A number of processes; Dask is asked for by name."""
    if text == DASK:
        return text
    if text.isdigit() and int(text) >= 1:
        return int(text)
    raise ProjectError(f"--workers: give a number of processes, 1 or more, or dask; got {text!r}")


def suite_of(text: str) -> Suite:
    """One of the two suites."""
    if text == "quick":
        return "quick"
    if text == "release":
        return "release"
    raise ProjectError(f"--suite: give quick or release, got {text!r}")


def run(
    project: Annotated[Path, typer.Argument(help="Folder with a seatrial.toml.")],
    *,
    suite: Annotated[str, typer.Option(help="quick (CI) or release.")] = "release",
    check: Annotated[list[str] | None, typer.Option(help="Only this check; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; it must not exist or be empty.")] = None,
    workers: Annotated[str, typer.Option(help="Processes that scan the data, or dask.")] = "1",
    scheduler: Annotated[
        str | None, typer.Option(help="With --workers dask: the cluster, e.g. tcp://host:8786.")
    ] = None,
    allow_unconfined: Unconfined = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json on stdout.")] = False,
    progress: Annotated[Path | None, typer.Option(help="Append progress to this file, one JSON object a line.")] = None,
) -> None:
    """Run the checks of a project and write results, policy, summaries and report into a run folder.

    Exit codes: 0 passed (warnings allowed), 1 failed, 2 unreadable input, 3 incomplete, 130 cancelled.
    """
    with reporting(progress, quiet=as_json) as report:
        done = execute(
            project,
            suite=suite_of(suite),
            only=tuple(c.upper() for c in check or ()),
            out=out,
            workers=workers_of(workers),
            scheduler=scheduler,
            allow_unconfined=allow_unconfined,
            progress=report,
        )
    finish(done, as_json=as_json)


def finish(done: Run, *, as_json: bool) -> None:
    """Print a run and leave with its exit code."""
    show(done.document, as_json=as_json)
    to_stderr(f"written to {done.folder}")
    raise typer.Exit(EXIT_CODES[done.verdict])


def show(document: Any, *, as_json: bool) -> None:
    """A run on stdout: as JSON, or in words."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))
    else:
        for line in summary_lines(document):
            typer.echo(line)


def init(
    folder: Annotated[Path, typer.Argument(help="Folder with model and data files.")],
    target: Annotated[str | None, typer.Option(help="Column of the outcomes, where the last one is not.")] = None,
    force: Annotated[bool, typer.Option(help="Replace a project file that is there.")] = False,
) -> None:
    """Guess a project file from the files in a folder, and explain each guess."""
    path = folder / PROJECT_FILE
    if path.exists() and not force:
        raise ProjectError(f"{path}: exists; edit it, or replace it with --force")
    guess = guess_project(folder, target=target, listed=listed_features)
    replace_file(path, guess.toml.encode())
    for reason in guess.reasons:
        to_stderr(f"- {reason}")
    typer.echo(f"wrote {path}; read it, then: seatrial run {folder}")


def explain(code: Annotated[str, typer.Argument(help="A check's code, or `all` for a list.")]) -> None:
    """What a check measures, why it matters and what to do."""
    if code.lower() == "all":
        for check in catalog():
            typer.echo(f"{check.code}  {check.family.value:<17} {check.title}")
        return
    found = check_of(code.upper())
    if found is None:
        raise ProjectError(f"no check {code!r}; `seatrial explain all` lists them")
    typer.echo(found.doc.strip())
    typer.echo(f"\nMetrics: {', '.join(found.metrics)}")
    if found.defaults:
        typer.echo("Options: " + ", ".join(f"{k} = {v!r}" for k, v in found.defaults.items()))


def demo(
    name: Annotated[str, typer.Argument(help="hotel, credit or lending.")] = "lending",
    out: Annotated[Path | None, typer.Option(help="Run folder to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json on stdout.")] = False,
) -> None:
    """Copy a sample project to your folder of projects and run it: a whole trial, nothing to prepare."""
    known = samples()
    if name not in known:
        raise ProjectError(f"no sample project {name!r}; there are {', '.join(known)}")
    project = user_copy(known[name])
    to_stderr(f"sample project copied to {project}")
    with reporting(None, quiet=as_json) as report:
        # on a machine that cannot confine them our own samples are loaded all the same
        done = execute(project, out=out, allow_unconfined=True, progress=report)
    show(done.document, as_json=as_json)
    to_stderr(f"written to {done.folder}; look at it with: seatrial app {project}")
    # the demo shows planted faults: that they are found is its success
    raise typer.Exit(0)
