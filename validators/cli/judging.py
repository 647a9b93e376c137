"""`gate`: judge a project or a run, in CI."""

from pathlib import Path
from typing import Annotated

import typer

from ..catalog import catalog, families
from ..core.policy import EXIT_CODES, Overall
from ..engine.results import measured_again, read_results, results_document
from ..io.policies import digest_of, policy_text, read_policy
from ..io.project import PROJECT_FILE
from .execute import execute, latest_run, to_stderr
from .progress import reporting
from .running import show, suite_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gate)


def gate(
    target: Annotated[Path, typer.Argument(metavar="PROJECT|RUN", help="A project folder, or the folder of a run.")],
    policy: Annotated[Path | None, typer.Option(help="Judge by this policy file instead.")] = None,
    suite: Annotated[str, typer.Option(help="If it must be run first: quick or release.")] = "release",
    as_json: Annotated[bool, typer.Option("--json", help="Print the judged results on stdout.")] = False,
) -> None:
    """Judge a run by its policy or another; run the project first when it has no run, or a stale one.

    Exit codes: 0 passed (warnings allowed), 1 failed, 2 unreadable input, 3 incomplete.
    """
    run = target
    if (target / PROJECT_FILE).is_file():
        found = latest_run(target)
        if found is None:
            to_stderr("no run of the inputs as they are; running the project")
            with reporting(None, quiet=as_json) as report:
                found = execute(target, suite=suite_of(suite), policy_file=policy, progress=report).folder
        run = found
    document = read_results(run)
    if policy is not None:
        document = judged_by(document, policy)
    show(document, as_json=as_json)
    raise typer.Exit(EXIT_CODES[Overall(document["verdict"])])


def judged_by(document: dict[str, object], file: Path) -> dict[str, object]:
    """A results document judged anew by another policy; nothing is measured again."""
    text = policy_text(2, file)
    by_code = {c.code: c for c in catalog()}
    policy = read_policy(
        text, name=file.name, metrics={c: k.metrics for c, k in by_code.items()}, families=tuple({*families().values()})
    )
    results = [r for r in measured_again(document) if r.code in by_code]
    judged = [policy.judge(r, families()[r.code]) for r in results]
    plan = dict(document["plan"])  # type: ignore[call-overload]
    verdict = policy.overall(judged, families(), narrowed=bool(plan["narrowed"]))
    environment = dict(document["environment"])  # type: ignore[call-overload]
    return results_document(
        project=dict(document["project"]),  # type: ignore[call-overload]
        inputs=dict(document["inputs"]),  # type: ignore[call-overload]
        policy=policy,
        policy_digest=digest_of(text),
        plan=plan | {"required": dict(policy.required)},
        checks=[by_code[r.code] for r in results],
        judged=judged,
        verdict=verdict,
        run=dict(document["run"]),  # type: ignore[call-overload]
        isolation=str(environment["isolation"]),
    )
