"""A whole run, from a project folder to a run folder: what `run`, `gate`, `demo` and the app's jobs share."""

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..catalog import catalog, families, metrics
from ..core.errors import ProjectError
from ..core.policy import Overall, Policy
from ..core.records import Family
from ..engine.documents import dump, grid_document, summaries_document
from ..engine.plan import Plan, Suite, excused, make_plan
from ..engine.prior import PriorSummaries
from ..engine.results import asked_by, read_results, results_document
from ..engine.run import Measured, measure
from ..engine.scan import Progress
from ..engine.self_trust import FILE as TRUST_FILE
from ..engine.self_trust import doubted, self_trust, trust_document
from ..engine.store import file_digest, write_folder
from ..engine.trial import Trial, resolve
from ..engine.workers import open_workers
from ..io.declared import Project
from ..io.packs import pack_text, with_packs
from ..io.policies import digest_of, policy_text, read_policy
from ..io.project import PROJECT_FILE, read_project
from ..io.tables import count_rows
from ..models.fetch import all_fetched
from ..models.process import LEVELS
from ..snapshot.verify import read_member
from ..summaries.totals import TotalsKind
from ..views.reading import unconfined
from ..views.report import report_html
from .ledger import looks_at


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
    plan = make_plan(trial, catalog(), suite=suite, only=only)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    out = out or project.folder / "runs" / run_id
    if out.exists() and any(out.iterdir()):
        raise ProjectError(f"{out}: is not empty; give another --out or remove it")
    prior = None
    if project.prior_snapshot is not None:
        prior = PriorSummaries.of(*(read_member(project.prior_snapshot, m) for m in ("grid.json", "summaries.json")))
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
        project=_project_section(trial),
        inputs=_inputs(trial, measured),
        policy=policy,
        policy_digest=digest_of(text),
        plan=_plan_section(plan, policy, trial),
        checks=plan.checks,
        judged=judged,
        verdict=verdict,
        run={
            "id": run_id,
            "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - started, 3),
            "cpu_seconds": round(_cpu_seconds() - cpu - trust_cpu, 3),
            "self_test_cpu_seconds": round(trust_cpu, 3),
            "models": dict(measured.usage),
        },
        isolation=_isolation(measured),
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


def latest_run(folder: Path, policy_file: Path | None = None, *, allow_unconfined: bool = False) -> Path | None:
    """The newest whole run of a project that was made from the inputs as they are now; None when all are stale.

    Its policy counts as an input, unless it is to be judged by another, `policy_file`. A run that loaded code without full
    isolation counts only where that is allowed.
    """
    runs = folder / "runs"
    if not runs.is_dir():
        return None
    project = read_project(folder)
    if project.addresses:  # what lies there now is known only once it is fetched
        return None
    now = {"project": file_digest(project.folder / PROJECT_FILE), **_digests(project)}
    if policy_file is None:
        now["policy"] = digest_of(policy_of(project)[1])
    for run in sorted((r for r in runs.iterdir() if (r / "results.json").is_file()), reverse=True):
        held = read_results(run)
        then = _digests_of(held["inputs"]) | {"policy": held["policy"]["sha256"]}
        same = {name: digest for name, digest in then.items() if name in now or name != "policy"} == now
        fit = same and (allow_unconfined or not unconfined(held))
        if fit and not held["plan"]["narrowed"] and held["plan"]["suite"] == "release":
            return run
    return None


def _digests(project: Project) -> dict[str, str]:
    files = {"candidate": project.candidate, "prior": project.prior, "prior_snapshot": project.prior_snapshot}
    files |= {"golden": project.golden, "scenarios": project.scenario_folder}
    files |= {f"code/{path.name}": path for path in project.code}
    held = {name: file_digest(path) for name, path in files.items() if path is not None}
    return held | {role.value: file_digest(path) for role, path in project.data.items()}


def _digests_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """The digests that a run recorded, under the names of `_digests`."""
    held = {"project": inputs["project"], **inputs["model"], **inputs["data"]}
    held |= {name: inputs.get(name) for name in ("golden", "scenarios", "prior_snapshot")}
    held |= {f"code/{name}": code for name, code in inputs.get("code", {}).items()}
    return {name: h["sha256"] for name, h in held.items() if h is not None}


def _project_section(trial: Trial) -> dict[str, Any]:
    project = trial.project
    task: dict[str, Any] = {"type": trial.task.type, "target": trial.task.target, "threshold": trial.task.threshold}
    task |= {"classes": list(trial.task.classes), "positive": trial.task.positive, "favourable": trial.task.favourable}
    return {
        "id": project.id,
        "version": project.version,
        "task": task,
        "features": list(trial.features),
        "sensitive": list(project.columns.sensitive),
        "entity": project.columns.entity,
        "time": project.columns.time,
        "weight": project.columns.weight,
        "slices": {label: " & ".join(t.text for t in terms) for label, terms in project.slices.items()},
    }


def _inputs(trial: Trial, measured: Measured) -> dict[str, Any]:
    project = trial.project
    data = {}
    for role, path in project.data.items():
        totals = measured.summaries.get((role, TotalsKind()))
        data[role.value] = {
            "file": path.relative_to(project.folder).as_posix(),
            "sha256": file_digest(path),
            "rows": None if totals is None else totals.rows,
            "labelled": None if totals is None else totals.labelled,
            "n_eff": None if totals is None else totals.n_eff,
        }
    model: dict[str, Any] = {"candidate": None, "prior": None}
    for name, file in (("candidate", project.candidate), ("prior", project.prior)):
        if file is not None:
            where = project.addresses.get(name)
            model[name] = {"file": where or file.relative_to(project.folder).as_posix(), "sha256": file_digest(file)}
            model[name] |= {
                k: v for k, v in measured.models[name].items() if k in ("bytes", "format", "class", "types")
            }
    inputs: dict[str, Any] = {
        "project": {"sha256": file_digest(project.folder / PROJECT_FILE)},
        "model": model,
        "data": data,
    }
    inputs["code"] = {path.name: {"sha256": file_digest(path)} for path in project.code}
    if project.scenario_folder is not None:
        inputs["scenarios"] = {"file": project.scenario_folder.name, "sha256": file_digest(project.scenario_folder)}
    if project.prior_snapshot is not None:
        inputs["prior_snapshot"] = {"file": project.prior_snapshot.name, "sha256": file_digest(project.prior_snapshot)}
    if project.golden is not None:
        inputs["golden"] = {
            "file": project.golden.relative_to(project.folder).as_posix(),
            "sha256": file_digest(project.golden),
        }
    inputs["grouping"] = measured.grid.grouping
    return inputs


def _plan_section(plan: Plan, policy: Policy, trial: Trial) -> dict[str, Any]:
    built = {c.family for c in catalog()}
    chosen = {c.code for c in plan.checks}
    left_out = [{"what": c.code, "why": _why_left_out(plan)} for c in catalog() if c.code not in chosen]
    left_out += [
        {"what": f.value, "why": "no check of this family is built in this version"} for f in Family if f not in built
    ]
    left_out += _power_lost(plan, trial)
    return {
        "suite": plan.suite,
        "seed": plan.seed,
        "rows": plan.rows,
        "narrowed": plan.narrowed,
        "excused": list(excused(plan.checks, trial)),
        "checks": [c.code for c in plan.checks],
        "options": {
            code: asdict(o) if is_dataclass(o) and not isinstance(o, type) else {} for code, o in plan.options.items()
        },
        **asked_by(policy),
        "not_tested": left_out,
    }


def _power_lost(plan: Plan, trial: Trial) -> list[dict[str, str]]:
    """Roles of which a bounded plan leaves rows out, and what that costs: standard errors go with 1 / sqrt(rows)."""
    counts = {role.value: count_rows(path) for role, path in trial.project.data.items()} if plan.rows else {}
    return [
        {
            "what": f"{role}: {n - plan.rows:,} of {n:,} rows",
            "why": f"suite {plan.suite}; an effect must be about {(n / plan.rows) ** 0.5:.1f} times as large to be told as on all rows",
        }
        for role, n in counts.items()
        if plan.rows and n > plan.rows
    ]


def _why_left_out(plan: Plan) -> str:
    return "narrowed by --check" if plan.narrowed else f"not in suite {plan.suite}"


def _isolation(measured: Measured) -> str:
    levels = [str(m["isolation"]) for m in measured.models.values()]
    return min(levels, key=LEVELS.index) if levels else "no model"


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def to_stderr(text: str) -> None:
    """A line for people; stdout stays clean for --json."""
    print(text, file=sys.stderr, flush=True)
