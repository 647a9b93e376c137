"""Decisions and outcomes of scored rows as yes or no: of one class at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import subjects
from ..core.data import Grid, Task
from .row_sample import RowSample
from .scored_rows import ScoredRows, scored_rows

DEFAULT_CUT = 0.5


@dataclass(frozen=True, slots=True)
class Decisions:
    """Whether each row was decided as a class, and whether it is of it; `atom` names the class where there are several, by `index`."""

    decided: NDArray[np.bool_]
    actual: NDArray[np.bool_]
    atom: tuple[str, ...]
    words: str
    index: int


def decided_rows(sample: RowSample, grid: Grid, model: str) -> ScoredRows:
    """Rows with a usable score and a weight, whether or not they have an outcome; `y` and the losses mean nothing."""
    blind = replace(sample.rows, y=np.zeros(len(sample.rows)))
    return scored_rows(replace(sample, rows=blind), grid, (model,))


def predicted(rows: ScoredRows, task: Task, model: str) -> NDArray[np.int64]:
    """(n,) index of the class that each row is decided as: score at or above the threshold, or the most probable class."""
    score = rows.scores[model]
    if task.type == "binary":
        cut = DEFAULT_CUT if task.threshold is None else task.threshold
        return np.asarray(score[:, 0] >= cut, np.int64)
    return np.asarray(score.argmax(axis=1), np.int64) if rows.n else np.zeros(0, np.int64)


def cut_words(task: Task) -> str:
    """What a decision was made by, where the project does not say."""
    return (
        f", cut at {DEFAULT_CUT:g}, for no threshold is declared"
        if task.type == "binary" and task.threshold is None
        else ""
    )


WHICH_CLASS = (
    "of several classes each has its own direction; add favourable = ... under [task], the class that is meant"
)


def favourable_class(task: Task) -> int | None:
    """Index of the class that a person wants; None where it is not declared."""
    held = [k for k, label in enumerate(task.classes) if label is not None and label == task.favourable]
    return held[0] if task.favourable is not None and held else None


def by_class(rows: ScoredRows, task: Task, model: str) -> Iterator[Decisions]:
    """Decisions of the positive class (binary), of the favourable one, or of each class where none is declared."""
    chosen = predicted(rows, task, model)
    if task.type == "binary":
        yield Decisions(chosen == 1, rows.y == 1, (), f"{task.target} = {task.positive}{cut_words(task)}", 1)
        return
    wanted = favourable_class(task)
    for k in range(len(task.classes)) if wanted is None else (wanted,):
        label = task.classes[k]
        yield Decisions(chosen == k, rows.y == k, (subjects.class_of(label),), f"{task.target} = {label}", k)
