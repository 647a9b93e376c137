"""What can be wrong with a project file, each in one sentence: its shape, and then what stands in it."""

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core.data import Role
from ..core.hints import nearest
from .packs import SUFFIX, pack_problems

TASK_TYPES = ("binary", "multiclass", "regression")
_TEXT, _TEXTS, _NUMBER, _TABLE, _INT = "text", "list of texts", "number", "table", "whole number"
_NAMES, _LABEL, _LABELS, _YES = (
    "text or list of texts",
    "text, number or true or false",
    "list of labels",
    "true or false",
)
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "model": {"id": _TEXT, "version": _TEXT, "candidate": _TEXT, "prior": _TEXT, "prior_snapshot": _TEXT, "code": _TEXTS,
              "types": _TEXTS, "endpoint": _TEXT},
    "task": {"type": _TEXT, "target": _TEXT, "positive": _LABEL, "threshold": _NUMBER, "favourable": _LABEL, "classes": _LABELS},
    "data": {**{role.value: _TEXT for role in Role}, "golden": _TEXT, "scenarios": _TEXT},
    "columns": {
        "key": _TEXT, "entity": _TEXT, "time": _TEXT, "weight": _TEXT, "sensitive": _TEXTS, "features": _TEXTS,
        "prediction": _NAMES, "prior_prediction": _NAMES, "available_at": _TABLE, "label_time": _TEXT, "label_horizon": _TEXT,
    },
    "run": {"seed": _INT},
    "policy": {"tier": _INT, "file": _TEXT, "packs": _TEXTS},
}  # fmt: skip
ADDRESS = re.compile(r"models:/[^/@\s]+(/[^/@\s]+|@[^/@\s]+)|runs:/\w+/\S+")
_FREE = ("slices", "constraints", "options")
_CONSTRAINT = {
    "monotone": _TEXT,
    "unit": _TEXT,
    "min": _NUMBER,
    "max": _NUMBER,
    "nullable": _YES,
    "levels": _LABELS,
}


def is_address(text: str) -> bool:
    """Whether a model is named by an address of MLflow: models:/name/version, models:/name@alias or runs:/id/path."""
    return ADDRESS.fullmatch(text) is not None


def shape_problems(raw: Mapping[str, Any]) -> list[str]:
    """Unknown sections and keys, and values of the wrong type."""
    problems = []
    for section, held in raw.items():
        if section not in SECTIONS and section not in _FREE:
            problems.append(f"unknown section [{section}]; {nearest(section, (*SECTIONS, *_FREE))}")
        elif not isinstance(held, dict):
            problems.append(f"[{section}] must be a section, found the value {held!r}")
        elif section in SECTIONS:
            known = SECTIONS[section]
            problems += [f"[{section}] unknown key {k!r}; {nearest(k, known)}" for k in held if k not in known]
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
                    f"[constraints.{f}] unknown key {k!r}; {nearest(k, _CONSTRAINT)}"
                    for f, table in tables.items()
                    for k in table
                    if k not in _CONSTRAINT
                ]
                problems += [
                    p
                    for f, table in tables.items()
                    for k, v in table.items()
                    if k in _CONSTRAINT
                    for p in _type_problem(f"[constraints.{f}] {k}", _CONSTRAINT[k], v)
                ]
                problems += [
                    f'[constraints.{f}] monotone must be "increasing" or "decreasing", got {table["monotone"]!r}'
                    for f, table in tables.items()
                    if table.get("monotone", "increasing") not in ("increasing", "decreasing")
                ]
    return problems


def _type_problem(where: str, wanted: str, value: Any) -> list[str]:
    text = _is_text(value)
    texts = isinstance(value, list) and all(_is_text(v) for v in value)
    right = {
        _TEXT: text,
        _TEXTS: texts,
        _NAMES: text or (texts and value != []),
        _NUMBER: isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value),
        _INT: isinstance(value, int) and not isinstance(value, bool),
        _LABEL: _is_label(value),
        _LABELS: isinstance(value, list) and all(_is_label(v) for v in value),
        _YES: isinstance(value, bool),
        _TABLE: isinstance(value, dict),
    }[wanted]
    return [] if right else [f"{where} must be a {wanted}, got {value!r}"]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _is_label(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, int | float) and math.isfinite(value))


def content_problems(raw: Mapping[str, Any], folder: Path) -> list[str]:
    """What is missing or contradicts itself in a project file of the right shape, and files that are not there."""
    model, task, data, columns, policy = (raw.get(s, {}) for s in ("model", "task", "data", "columns", "policy"))
    problems = [*_missing(raw), *_task_problems(task), *_column_problems(columns)]
    problems += _file_problems(model, data, policy, folder)
    if "candidate" not in model and "prediction" not in columns:
        problems.append(
            "[model] has no candidate and [columns] no prediction; name a model file, or the column that holds its scores"
        )
    problems += _endpoint_problems(model)
    for key in ("prediction", "prior_prediction"):
        named = columns.get(key, ())
        if task.get("target") in ([named] if isinstance(named, str) else named):
            problems.append(
                f"[columns] {key}: {task['target']!r} is the target; name the column that holds the model's scores"
            )
    if "prior" in model and "prior_snapshot" in model:
        problems.append("[model] has both prior and prior_snapshot; keep one")
    if policy.get("tier", 2) not in (1, 2, 3):
        problems.append(f"[policy] tier must be 1, 2 or 3, got {policy['tier']}")
    if raw.get("run", {}).get("seed", 0) < 0:
        problems.append(f"[run] seed must be 0 or more, got {raw['run']['seed']}")
    return problems + pack_problems(policy.get("packs", []))


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


def _endpoint_problems(model: Mapping[str, Any]) -> list[str]:
    if "endpoint" not in model:
        return []
    try:
        parts = urlsplit(model["endpoint"])
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f]", model["endpoint"]):
        return [f'[model] endpoint must be like "https://host/invocations", without a user, got {model["endpoint"]!r}']
    return (
        []
        if "candidate" in model
        else ["[model] has endpoint but no candidate; name the file that it should answer like"]
    )


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
        if where.startswith("[model]") and value.startswith(("models:", "runs:")):
            if not is_address(value):
                problems.append(
                    f"{where}: {value!r} is no address of MLflow; write models:/name/version, models:/name@alias or runs:/id/path"
                )
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
