"""Which run of a project still speaks of it: the newest whole one that was made from the inputs as they are now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.results import read_results
from ..engine.store import file_digest
from ..io.declared import Project
from ..io.policies import digest_of
from ..io.project import PROJECT_FILE, read_project
from ..views.reading import unconfined
from .execute import policy_of


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
