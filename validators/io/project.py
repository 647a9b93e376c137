"""The project file `seatrial.toml`: read, checked, and turned into a record. All problems are reported at once."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..core.data import Role, Task, TaskType
from ..core.errors import ProjectError
from ..core.scenarios import Scenario
from .declared import Columns, Project
from .packs import SUFFIX, pack_problems
from .scenarios import read_scenarios
from .slices import parse_slice

PROJECT_FILE = "seatrial.toml"
TASK_TYPES = ("binary", "multiclass", "regression")
_TEXT, _TEXTS, _NUMBER, _ANY, _TABLE, _INT = "text", "list of texts", "number", "value", "table", "whole number"
_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "model": {"id": _TEXT, "version": _TEXT, "candidate": _TEXT, "prior": _TEXT, "prior_snapshot": _TEXT, "code": _TEXTS},
    "task": {"type": _TEXT, "target": _TEXT, "positive": _ANY, "threshold": _NUMBER, "favourable": _ANY, "classes": _ANY},
    "data": {**{role.value: _TEXT for role in Role}, "golden": _TEXT, "scenarios": _TEXT},
    "columns": {
        "key": _TEXT, "entity": _TEXT, "time": _TEXT, "weight": _TEXT, "sensitive": _TEXTS, "features": _TEXTS,
        "prediction": _ANY, "prior_prediction": _ANY, "available_at": _TABLE, "label_time": _TEXT, "label_horizon": _TEXT,
    },
    "run": {"seed": _INT},
    "policy": {"tier": _INT, "file": _TEXT, "packs": _TEXTS},
}  # fmt: skip
_FREE = ("slices", "constraints", "options")
_CONSTRAINT = {
    "monotone": _TEXT,
    "unit": _TEXT,
    "min": _NUMBER,
    "max": _NUMBER,
    "nullable": "true or false",
    "levels": _ANY,
}


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

    problems = list(_shape_problems(raw))
    if problems:
        raise ProjectError(*(f"{name}: {p}" for p in problems))
    model, task, data, columns = (raw.get(s, {}) for s in ("model", "task", "data", "columns"))
    problems += _missing(raw)
    problems += _task_problems(task)
    problems += _column_problems(columns)
    problems += _file_problems(model, data, raw.get("policy", {}), folder)
    if "candidate" not in model and "prediction" not in columns:
        problems.append(
            "[model] has no candidate and [columns] no prediction; name a model file, or the column that holds its scores"
        )
    if "prior" in model and "prior_snapshot" in model:
        problems.append("[model] has both prior and prior_snapshot; keep one")
    slices = {}
    for label, rule in raw.get("slices", {}).items():
        try:
            slices[label] = parse_slice(rule)
        except ProjectError as error:
            problems += [f"[slices] {label}: {p}" for p in error.problems]
    scenarios = _scenarios(at(data, "scenarios"), problems)
    if raw.get("policy", {}).get("tier", 2) not in (1, 2, 3):
        problems.append(f"[policy] tier must be 1, 2 or 3, got {raw['policy']['tier']}")
    problems += pack_problems(raw.get("policy", {}).get("packs", []))
    if problems:
        raise ProjectError(*(f"{name}: {p}" for p in problems))

    return Project(
        folder=folder,
        id=model["id"],
        version=model["version"],
        candidate=at(model, "candidate"),
        prior=at(model, "prior"),
        prior_snapshot=at(model, "prior_snapshot"),
        code=tuple(folder / c for c in model.get("code", ())),
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


def _near(key: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


def _shape_problems(raw: Mapping[str, Any]) -> list[str]:
    """Unknown sections and keys, and values of the wrong type."""
    problems = []
    for section, held in raw.items():
        if section not in _SECTIONS and section not in _FREE:
            problems.append(f"unknown section [{section}]; {_near(section, (*_SECTIONS, *_FREE))}")
        elif not isinstance(held, dict):
            problems.append(f"[{section}] must be a section, found the value {held!r}")
        elif section in _SECTIONS:
            known = _SECTIONS[section]
            problems += [f"[{section}] unknown key {k!r}; {_near(k, known)}" for k in held if k not in known]
            problems += [
                p for k, v in held.items() if k in known for p in _type_problem(f"[{section}] {k}", known[k], v)
            ]
        elif section == "slices":
            problems += [p for k, v in held.items() for p in _type_problem(f"[slices] {k}", _TEXT, v)]
        else:
            problems += [p for k, v in held.items() for p in _type_problem(f"[{section}.{k}]", _TABLE, v)]
            if section == "constraints":
                tables = {k: v for k, v in held.items() if isinstance(v, dict)}
                problems += [
                    f"[constraints.{f}] unknown key {k!r}; {_near(k, _CONSTRAINT)}"
                    for f, table in tables.items()
                    for k in table
                    if k not in _CONSTRAINT
                ]
                problems += [
                    f'[constraints.{f}] monotone must be "increasing" or "decreasing", got {table["monotone"]!r}'
                    for f, table in tables.items()
                    if table.get("monotone", "increasing") not in ("increasing", "decreasing")
                ]
    return problems


def _type_problem(where: str, wanted: str, value: Any) -> list[str]:
    right = {
        _TEXT: isinstance(value, str) and value != "",
        _TEXTS: isinstance(value, list) and all(isinstance(v, str) for v in value),
        _NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        _INT: isinstance(value, int) and not isinstance(value, bool),
        _TABLE: isinstance(value, dict),
        _ANY: True,
    }[wanted]
    return [] if right else [f"{where} must be a {wanted}, got {value!r}"]


def _missing(raw: Mapping[str, Any]) -> list[str]:
    needed = (("model", "id"), ("model", "version"), ("task", "type"), ("task", "target"), ("data", "test"))
    return [f"[{section}] has no {key}" for section, key in needed if key not in raw.get(section, {})]


def _task_problems(task: Mapping[str, Any]) -> list[str]:
    problems = []
    kind = task.get("type")
    if kind is not None and kind not in TASK_TYPES:
        problems.append(f"[task] type must be one of {', '.join(TASK_TYPES)}, got {kind!r}")
    if kind == "binary" and "positive" not in task:
        problems.append("[task] has no positive; name the label of the positive class, e.g. positive = 1")
    if kind != "binary" and "threshold" in task:
        problems.append("[task] threshold applies to binary tasks only")
    if kind == "binary" and not 0 <= task.get("threshold", 0.5) <= 1:
        problems.append(f"[task] threshold must lie between 0 and 1, got {task['threshold']}")
    return problems


def _column_problems(columns: Mapping[str, Any]) -> list[str]:
    problems = [
        p
        for f, at in columns.get("available_at", {}).items()
        for p in _type_problem(f"[columns.available_at] {f}", _TEXT, at)
    ]
    if columns.get("available_at") and "time" not in columns:
        problems.append("[columns] has available_at but no time; name the column with the time of the decision")
    horizon = columns.get("label_horizon")
    if horizon is not None and re.fullmatch(r"[1-9][0-9]* ?(hours?|days?|weeks?|[hdDW])", horizon) is None:
        problems.append(f'[columns] label_horizon must be like "90 days", got {horizon!r}')
    return problems


def _file_problems(
    model: Mapping[str, Any], data: Mapping[str, Any], policy: Mapping[str, Any], folder: Path
) -> list[str]:
    named = [("[model] candidate", model.get("candidate")), ("[model] prior", model.get("prior"))]
    named += [("[model] prior_snapshot", model.get("prior_snapshot")), ("[policy] file", policy.get("file"))]
    named += [("[policy] packs", p) for p in policy.get("packs", ()) if p.endswith(SUFFIX)]
    named += [("[model] code", c) for c in model.get("code", ())] + [(f"[data] {k}", v) for k, v in data.items()]
    problems = []
    for where, value in named:
        if value is None:
            continue
        path = Path(value)
        if path.is_absolute() or ".." in path.parts:
            problems.append(f"{where}: {value!r} leaves the project folder; every path is relative to it")
        elif not (folder / path).exists():
            here = sorted(p.name for p in folder.iterdir())
            near = difflib.get_close_matches(value, here, n=1)
            problems.append(
                f"{where}: no file {value!r} in {folder.name}" + (f"; did you mean {near[0]!r}?" if near else "")
            )
    return problems
