"""The project file `seatrial.toml`: read, checked, and turned into a record. All problems are reported at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..core.data import Role, Task, TaskType
from ..core.errors import ProjectError
from ..core.scenarios import Scenario
from .declared import Columns, Project
from .project_problems import content_problems, is_address, shape_problems
from .scenarios import read_scenarios
from .slices import parse_slice

PROJECT_FILE = "seatrial.toml"


def read_project(folder: Path) -> Project:
    """The project in a folder (or of a project file itself).

    Raises
    ------
    ProjectError
        With every problem found: one sentence each, in the order of the file.
    """
    path = folder if folder.is_file() else folder / PROJECT_FILE
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ProjectError(
            f"{path}: no such file; `seatrial init {folder}` writes one from the files in the folder"
        ) from None
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: not UTF-8 text at byte {error.start}") from None
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProjectError(f"{path}: not valid TOML: {error}") from None
    return project_of(raw, path.parent.resolve(), name=path.name)


def project_of(raw: Mapping[str, Any], folder: Path, *, name: str = PROJECT_FILE) -> Project:
    """A project out of parsed TOML; see `read_project`."""

    def at(section: Mapping[str, Any], key: str) -> Path | None:
        return folder / section[key] if key in section else None

    problems = shape_problems(raw)
    if problems:
        raise ProjectError(*(f"{name}: {p}" for p in problems))
    model, task, data, columns = (raw.get(s, {}) for s in ("model", "task", "data", "columns"))
    problems = content_problems(raw, folder)
    slices = {}
    for label, rule in raw.get("slices", {}).items():
        try:
            slices[label] = parse_slice(rule)
        except ProjectError as error:
            problems += [f"[slices] {label}: {p}" for p in error.problems]
    scenarios = _scenarios(at(data, "scenarios"), problems)
    if problems:
        raise ProjectError(*(f"{name}: {p}" for p in problems))

    addresses = {name: model[name] for name in ("candidate", "prior") if is_address(model.get(name, ""))}
    return Project(
        folder=folder,
        addresses=addresses,
        endpoint=model.get("endpoint"),
        id=model["id"],
        version=model["version"],
        candidate=at(model, "candidate"),
        prior=at(model, "prior"),
        prior_snapshot=at(model, "prior_snapshot"),
        code=tuple(folder / c for c in model.get("code", ())),
        types=tuple(model.get("types", ())),
        task=Task(
            type=cast("TaskType", task["type"]),
            target=task["target"],
            classes=tuple(task.get("classes", ())),
            positive=task.get("positive"),
            threshold=None if task.get("threshold") is None else float(task["threshold"]),
            favourable=task.get("favourable"),
        ),
        data={role: folder / data[role.value] for role in Role if role.value in data},
        columns=Columns(
            **{
                k: columns[k]
                for k in ("key", "entity", "time", "weight", "label_time", "label_horizon")
                if k in columns
            },
            sensitive=tuple(columns.get("sensitive", ())),
            features=tuple(columns.get("features", ())),
            prediction=_listed(columns.get("prediction")),
            prior_prediction=_listed(columns.get("prior_prediction")),
            available_at=columns.get("available_at", {}),
        ),
        slices=slices,
        constraints=raw.get("constraints", {}),
        options=raw.get("options", {}),
        scenarios=scenarios,
        scenario_folder=at(data, "scenarios"),
        seed=raw.get("run", {}).get("seed", 0),
        tier=raw.get("policy", {}).get("tier", 2),
        policy_file=at(raw.get("policy", {}), "file"),
        packs=tuple(raw.get("policy", {}).get("packs", ())),
        golden=at(data, "golden"),
    )


def _scenarios(folder: Path | None, problems: list[str]) -> dict[str, Scenario]:
    """Scenarios of a folder; what is wrong with them is added to the problems."""
    if folder is None or not folder.exists():
        return {}
    try:
        return read_scenarios(folder)
    except ProjectError as error:
        problems += error.problems
        return {}


def _listed(value: str | list[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)
