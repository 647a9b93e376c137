"""The sections of a run's results that say what went in: project, files with their digests, plan, isolation."""

from dataclasses import asdict, is_dataclass
from typing import Any

from ..catalog import catalog
from ..confined.process import LEVELS
from ..core.policy import Policy
from ..core.records import Family
from ..engine.plan import Plan, excused
from ..engine.results import asked_by
from ..engine.run import Measured
from ..engine.store import file_digest
from ..engine.trial import Trial
from ..io.project import PROJECT_FILE
from ..io.tables import count_rows
from ..summaries.totals import TotalsKind


def project_section(trial: Trial) -> dict[str, Any]:
    """The project as it was read: task, features, columns with a role, slices."""
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


def inputs_section(trial: Trial, measured: Measured) -> dict[str, Any]:
    """Every file that went in, with its digest; rows as they were counted."""
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


def plan_section(plan: Plan, policy: Policy, trial: Trial) -> dict[str, Any]:
    """What was asked for, and what was left out and why."""
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


def isolation_of(measured: Measured) -> str:
    """The weakest level at which any model ran."""
    levels = [str(m["isolation"]) for m in measured.models.values()]
    return min(levels, key=LEVELS.index) if levels else "no model"
