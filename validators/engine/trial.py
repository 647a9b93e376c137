"""A project made definite: schemas read, features and classes settled, every problem named at once."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.data import CANDIDATE, PRIOR, Role, Task
from ..core.errors import ProjectError
from ..core.hints import SHOWN, nearest
from ..io.declared import Project
from ..io.tables import frames, partitions, schemas_of
from .clocks import zone_problems
from .folders import NESTED, differences, holds_bytes, kinds_of, united


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a run works on. `columns_of` lists per role the columns to read; `labelled` the roles that have the target.

    `schemas` gives per role the kind of every column of its files: number, true or false, text, time, other, not in some of them.
    `allow_unconfined` lets models that run code be loaded where the machine cannot confine them.
    """

    project: Project
    task: Task
    features: tuple[str, ...]
    columns_of: Mapping[Role, tuple[str, ...]]
    labelled: frozenset[Role]
    schemas: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    allow_unconfined: bool = False

    @property
    def scorers(self) -> tuple[str, ...]:
        """Whose scores can be had: candidate, and prior if there is one."""
        p = self.project
        prior = p.prior is not None or bool(p.columns.prior_prediction)
        return (CANDIDATE, PRIOR) if prior else (CANDIDATE,)

    @property
    def unscored(self) -> Mapping[Role, str]:
        """Roles without some column of stored predictions, by its name; `scorable` tells it of serving."""
        c = self.project.columns
        found: dict[Role, str] = {}
        for role, held in self.columns_of.items():
            absent = [n for n in (*c.prediction, *c.prior_prediction) if n not in held]
            if absent and role is not Role.SERVING:
                found[role] = absent[0]
        return found


def resolve(project: Project) -> Trial:
    """Settle features, classes and columns against the data files.

    Raises
    ------
    ProjectError, DataError
        All problems of the schemas at once.
    """
    files = {role: schemas_of(path) for role, path in project.data.items()}
    schemas = {r: united(held) if r is Role.SERVING else next(iter(held.values())) for r, held in files.items()}
    columns = project.columns
    test = schemas[Role.TEST]
    reserved = columns.without_features | {project.task.target} | set(columns.sensitive)
    features = columns.features or tuple(c for c in test.names if c not in reserved)
    problems = list(_problems(project, features, schemas))
    used = {role: _columns(project, features, schema) for role, schema in schemas.items()}
    for role, schema in schemas.items():
        levels = {*features, project.task.target, *columns.sensitive}
        problems += _no_values(role, schema, () if role is Role.SERVING else used[role], levels)
    for role, held in files.items():
        # what production does not serve in some file is for the checks to tell, but for the key that all of it hangs on
        problems += differences(
            role, held, [c for c in (project.columns.key,) if c] if role is Role.SERVING else used[role]
        )
    problems += zone_problems(project, schemas)
    if problems:
        raise ProjectError(*problems)
    task = _task(project, schemas)
    problems = [*_favourable_problems(task), *_score_problems(project, task)]
    if problems:
        raise ProjectError(*problems)
    return Trial(
        project=project,
        task=task,
        features=features,
        columns_of=used,
        labelled=frozenset(role for role, schema in schemas.items() if task.target in schema.names),
        schemas={role: kinds_of(held) for role, held in files.items()},
    )


def _no_values(role: Role, schema: pa.Schema, used: Sequence[str], levels: Set[str]) -> Iterator[str]:
    """Columns of lists, and those whose values a model or a person would name that are bytes: no text is equal to them."""
    for name in used:
        held = schema.field(name).type
        if pa.types.is_nested(held):
            yield f"[data] {role.value}: column {name!r} holds {NESTED} ({held}); write one value a row, or leave it out"
        if name in levels and holds_bytes(held):
            yield f"[data] {role.value}: column {name!r} holds bytes ({held}); write it as text, or leave it out"


def _columns(project: Project, features: tuple[str, ...], schema: pa.Schema) -> tuple[str, ...]:
    c = project.columns
    wanted = [*features, project.task.target, c.key, c.entity, c.time, c.weight, *c.sensitive, *c.prediction]
    wanted += [
        *c.prior_prediction,
        c.label_time,
        *c.available_at.values(),
        *(t.name for terms in project.slices.values() for t in terms),
    ]
    return tuple(dict.fromkeys(name for name in wanted if name is not None and name in schema.names))


def _problems(project: Project, features: tuple[str, ...], schemas: Mapping[Role, pa.Schema]) -> list[str]:
    c, task = project.columns, project.task
    needed: list[tuple[str, str]] = [("feature", f) for f in features]
    named = (("key", c.key), ("entity", c.entity), ("time", c.time), ("weight", c.weight))
    optional = [(label, name) for label, name in named if name is not None]
    problems = []
    if not features:
        problems.append("[columns] features: no column is left to be a feature; list them")
    if task.target in features:
        problems.append(f"[columns] features lists the target {task.target!r}; take it out")
    for role, schema in schemas.items():
        must = list(needed)
        if role is Role.TEST:
            must += [("target", task.target), *(("prediction", p) for p in (*c.prediction, *c.prior_prediction))]
            must += optional + [("sensitive", s) for s in c.sensitive]
            must += [(f"available_at {f}", at) for f, at in c.available_at.items()]
            must += [(f"slice {label}", t.name) for label, terms in project.slices.items() for t in terms]
        if role is Role.SERVING:
            must = [("key", c.key)] if c.key else []
        for label, name in must:
            if name not in schema.names:
                hint = nearest(name, schema.names, otherwise="it has", most=SHOWN)
                problems.append(f"[data] {role.value}: no column {name!r} ({label}); {hint}")
    if task.type != "multiclass" and max(len(c.prediction), len(c.prior_prediction)) > 1:
        problems.append("[columns] prediction must be one column for this task")
    problems += [f"[columns.available_at] {f}: no such feature" for f in c.available_at if f not in features]
    problems += _scenario_problems(project, features, schemas[Role.TEST])
    unknown = [f for f in project.constraints if f not in features]
    problems += [f"[constraints.{f}]: no such feature" for f in unknown]
    return list(dict.fromkeys(problems))


def _score_problems(project: Project, task: Task) -> Iterator[str]:
    """Stored predictions of a multiclass task that are not one column a class."""
    c = project.columns
    for key, names in (("prediction", c.prediction), ("prior_prediction", c.prior_prediction)):
        if task.type == "multiclass" and names and len(names) != len(task.classes):
            classes = ", ".join(map(repr, task.classes[:SHOWN]))
            yield (
                f"[columns] {key} lists {len(names)} column{'s' if len(names) > 1 else ''} for {len(task.classes)} classes; list a "
                f"column of probabilities for each, in this order: {classes}"
            )


def _favourable_problems(task: Task) -> Iterator[str]:
    """A favourable outcome that is no label; where only one label is seen, it may be the other."""
    known = task.classes
    if task.favourable is not None and task.type != "regression" and task.favourable not in known and None not in known:
        yield f"[task] favourable: {task.favourable!r} is no class of {task.target!r}; it has {', '.join(map(repr, known[:SHOWN]))}"


def _scenario_problems(project: Project, features: tuple[str, ...], test: pa.Schema) -> Iterator[str]:
    """Scenarios that ask for what is not there: changes are of features, filters see features and sensitive columns."""
    seen = (*features, *(s for s in project.columns.sensitive if s not in features))
    for label, scenario in project.scenarios.items():
        asked = [(f, features, "feature") for f in scenario.features] + [(c, seen, "column") for c in scenario.columns]
        for name, known, word in asked:
            if name not in known:
                yield f"scenario {label}: no {word} {name!r}; {nearest(name, known, most=SHOWN)}"
        for change in scenario.changes:
            if change.feature in test.names:
                number = _is_number(test.field(change.feature).type)
                wrong = isinstance(change.value, str) if number else change.action != "set"
                if wrong:
                    found = "a number" if number else "no number"
                    yield f"scenario {label}: {change.action} = {change.value!r} on {change.feature!r}, which is {found}"


def _is_number(held: pa.DataType) -> bool:
    return bool(pa.types.is_integer(held) or pa.types.is_floating(held) or pa.types.is_decimal(held))


def _task(project: Project, schemas: Mapping[Role, pa.Schema]) -> Task:
    """The task with its classes, from every role that has outcomes."""
    task = project.task
    if task.type == "regression":
        return task
    found = _labels(project, [r for r in (Role.TRAIN, Role.TEST) if r in schemas and task.target in schemas[r].names])
    if task.type == "multiclass":
        classes = task.classes or tuple(sorted(found, key=lambda v: (str(type(v)), v)))
        extra = sorted(map(str, found - set(classes)))
        if extra:
            raise ProjectError(f"[task] classes: the data also have {', '.join(extra)}; list them")
        if len(classes) < 2:
            raise ProjectError(
                f"[task] target {task.target!r} has {'no class' if not classes else 'one class'}; a multiclass task needs two or more"
            )
        return replace(task, classes=classes)
    others = sorted(found - {task.positive}, key=str)
    if task.positive not in found:
        shown = ", ".join(map(repr, sorted(found, key=str)[:6]))
        raise ProjectError(f"[task] positive: no row has {task.target} == {task.positive!r}; the data have {shown}")
    if len(others) > 1:
        raise ProjectError(
            f"[task] type: a binary target has two values, {task.target!r} has {len(found)}: "
            f'{", ".join(map(repr, sorted(found, key=str)[:6]))}; use type = "multiclass"'
        )
    threshold = 0.5 if task.threshold is None else task.threshold
    return replace(task, classes=(others[0] if others else None, task.positive), threshold=threshold)


def _labels(project: Project, roles: list[Role]) -> set[Any]:
    """Every label of the target in some roles."""
    parts = [part for role in roles for part in partitions(project.data[role])]
    held = (frame[project.task.target] for part in parts for frame in frames(part, (project.task.target,)))
    return {plain(v) for column in held for v in column.dropna().unique()}


def plain(value: Any) -> Any:
    """A label as a plain Python value; whole floats become ints, so that 1.0 and 1 are one class."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value
