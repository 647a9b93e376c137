"""`gate`: judge a project or a run, in CI."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..catalog import metrics
from ..core.policy import EXIT_CODES, Overall
from ..core.records import Family
from ..engine.results import judged_again, read_results
from ..io.policies import digest_of, policy_text, read_policy
from ..io.project import PROJECT_FILE
from .execute import execute, to_stderr
from .latest import latest_run
from .progress import reporting
from .running import Unconfined, show, suite_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gate)


def gate(
    target: Annotated[Path, typer.Argument(metavar="PROJECT|RUN", help="A project folder, or the folder of a run.")],
    policy: Annotated[Path | None, typer.Option(help="Judge by this policy file instead.")] = None,
    suite: Annotated[str, typer.Option(help="If it must be run first: quick or release.")] = "release",
    allow_unconfined: Unconfined = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the judged results on stdout.")] = False,
) -> None:
    """Judge a run by its policy or another; run the project first when it has no run, or a stale one.

    Exit codes: 0 passed (warnings allowed), 1 failed, 2 unreadable input, 3 incomplete.
    """
    run = target
    if (target / PROJECT_FILE).is_file():
        found = latest_run(target, policy, allow_unconfined=allow_unconfined)
        if found is None:
            to_stderr("no run of the inputs as they are; running the project")
            with reporting(None, quiet=as_json) as report:
                found = execute(
                    target,
                    suite=suite_of(suite),
                    policy_file=policy,
                    allow_unconfined=allow_unconfined,
                    progress=report,
                ).folder
        run = found
    document = read_results(run)
    if policy is not None:
        document = judged_by(document, policy)
    show(document, as_json=as_json)
    raise typer.Exit(EXIT_CODES[Overall(document["verdict"])])


def judged_by(document: dict[str, Any], file: Path) -> dict[str, Any]:
    """A results document judged anew by another policy; nothing is measured again."""
    text = policy_text(2, file)
    policy = read_policy(text, name=file.name, metrics=metrics(), families=tuple(f.value for f in Family))
    return judged_again(document, policy, digest_of(text))
