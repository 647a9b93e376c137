"""A whole run, from a project folder to a run folder: what `run`, `gate`, `demo` and the app's jobs share."""

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..catalog import catalog, families, metrics
from ..core.errors import ProjectError
from ..core.policy import Overall, Policy
from ..core.records import Family
from ..engine.documents import dump, grid_document, summaries_document
from ..engine.plan import Suite, excused, make_plan
from ..engine.prior import PriorSummaries
from ..engine.results import results_document
from ..engine.run import measure
from ..engine.scan import Progress
from ..engine.self_trust import FILE as TRUST_FILE
from ..engine.self_trust import doubted, self_trust, trust_document
from ..engine.store import write_folder
from ..engine.trial import resolve
from ..engine.workers import open_workers
from ..io.declared import Project
from ..io.packs import pack_text, with_packs
from ..io.policies import digest_of, policy_text, read_policy
from ..io.project import read_project
from ..models.fetch import all_fetched
from ..snapshot.verify import read_member
from ..views.report import report_html
from .ledger import looks_at
from .sections import inputs_section, isolation_of, plan_section, project_section


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run and where it lies."""

    folder: Path
    document: Mapping[str, Any]

    @property
    def verdict(self) -> Overall:
        """Of the policy that the run was judged by."""
        return Overall(self.document["verdict"])


def policy_of(project: Project, file: Path | None = None) -> tuple[Policy, str]:
    """The policy of a project with its packs, or that of a file alone, and its text."""
    named = file or project.policy_file
    text = policy_text(project.tier, named)
    if file is None:
        text = with_packs(text, [pack_text(name, project.folder) for name in project.packs])
    name = named.name if named else f"tier {project.tier}"
    return read_policy(text, name=name, metrics=metrics(), families=tuple(f.value for f in Family)), text


def execute(
    folder: Path,
    *,
    suite: Suite = "release",
    only: Sequence[str] = (),
    out: Path | None = None,
    workers: int | str = 1,
    scheduler: str | None = None,
    policy_file: Path | None = None,
    allow_unconfined: bool = False,
    progress: Progress,
) -> Run:
    """Read, measure, judge, write.

    `workers` is a number of processes, or "dask" with the address of a `scheduler` (none: a cluster on this machine).
    `allow_unconfined` loads models that run code even where the machine cannot confine them; the results say so.

    Raises
    ------
    SeatrialError
        For anything wrong with the inputs.
    """
    started, cpu = time.time(), _cpu_seconds()
    project = read_project(folder)
    with all_fetched(project.addresses) as at_hand:
        found = {name: at_hand.get(name, getattr(project, name)) for name in ("candidate", "prior")}
        return _execute(
            replace(project, candidate=found["candidate"], prior=found["prior"]),
            (started, cpu),
            suite=suite,
            only=only,
            out=out,
            workers=workers,
            scheduler=scheduler,
            policy_file=policy_file,
            allow_unconfined=allow_unconfined,
            progress=progress,
        )


def _execute(
    project: Project,
    since: tuple[float, float],
    *,
    suite: Suite,
    only: Sequence[str],
    out: Path | None,
    workers: int | str,
    scheduler: str | None,
    policy_file: Path | None,
    allow_unconfined: bool,
    progress: Progress,
) -> Run:
    """`execute`, once all models of the project are at hand; `since` is when it began, by the clock and in CPU seconds."""
    started, cpu = since
    trial = replace(resolve(project), allow_unconfined=allow_unconfined)
    policy, text = policy_of(project, policy_file)
    plan = make_plan(trial, catalog(), suite=suite, only=only, limited={rule.check for rule in policy.rules})
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    out = out or project.folder / "runs" / run_id
    if out.exists() and any(out.iterdir()):
        raise ProjectError(f"{out}: is not empty; give another --out or remove it")
    prior = None
    if project.prior_snapshot is not None:
        grid, summaries, results = (
            read_member(project.prior_snapshot, m) for m in ("grid.json", "summaries.json", "results.json")
        )
        prior = PriorSummaries.of(grid, summaries, results, trial.task)
    # samples are small: on them threads of BLAS and OpenMP wait for each other longer than they work
    with threadpool_limits(limits=1):
        with open_workers(workers, scheduler) as mapper:
            measured = measure(trial, plan, mapper=mapper, progress=progress, prior=prior, looks=looks_at(project))
        before = _cpu_seconds()
        trust = self_trust(measured, plan, policy, progress=progress) if plan.tests_itself else ()
    trust_cpu = _cpu_seconds() - before
    tested = {t.check: t for t in trust}
    judged = [policy.judge(doubted(r, tested.get(r.code)), families()[r.code]) for r in measured.results]
    verdict = policy.overall(judged, families(), narrowed=plan.narrowed, excused=excused(plan.checks, trial))
    document = results_document(
        project=project_section(trial),
        inputs=inputs_section(trial, measured),
        policy=policy,
        policy_digest=digest_of(text),
        plan=plan_section(plan, policy, trial),
        checks=plan.checks,
        judged=judged,
        verdict=verdict,
        run={
            "id": run_id,
            "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - started, 3),
            "cpu_seconds": round(_cpu_seconds() - cpu - trust_cpu, 3),
            "self_test_cpu_seconds": round(trust_cpu, 3),
            "attribution_seconds": round(measured.attribution_seconds, 3),
            "models": dict(measured.usage),
        },
        isolation=isolation_of(measured),
        allow_unconfined=allow_unconfined,
    )
    write_folder(
        out,
        {
            "results.json": (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode(),
            "policy.toml": text.encode(),
            "grid.json": dump(grid_document(measured.grid)).encode(),
            "summaries.json": dump(summaries_document(measured.summaries)).encode(),
            "report.html": report_html(document).encode(),
        }
        | ({TRUST_FILE: dump(trust_document(trust, plan.seed)).encode()} if trust else {}),
    )
    return Run(out, document)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def to_stderr(text: str) -> None:
    """A line for people; stdout stays clean for --json."""
    print(text, file=sys.stderr, flush=True)
