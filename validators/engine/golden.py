"""Golden rows: a few rows whose score is written down, replayed against the candidate.

A file or a folder of files (.parquet, .csv, .arrow). Every file has the features and the expected score: column ``score`` (the
probability of the positive class, or the value), or ``score_<class>`` for every class of a multiclass task. Every row has one.
"""

import numpy as np
import pandas as pd

from ..core.data import Task
from ..core.errors import DataError
from ..core.hints import SHOWN, nearest
from ..io.tables import SUFFIXES, read_frame
from .trial import Trial


def score_columns(task: Task) -> tuple[str, ...]:
    """Names of the columns with the expected score."""
    return tuple(f"score_{c}" for c in task.classes) if task.type == "multiclass" else ("score",)


def read_golden(trial: Trial) -> pd.DataFrame | None:
    """Features and expected scores (columns 0, 1, ... after them) of all golden rows; None when there are none."""
    path = trial.project.golden
    if path is None:
        return None
    files = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path.name}: the folder of golden rows has no file that ends in {', '.join(SUFFIXES)}")
    wanted = (*trial.features, *score_columns(trial.task))
    parts = []
    for file in files:
        held = read_frame(file)
        missing = [name for name in wanted if name not in held]
        if missing:
            hint = nearest(missing[0], held.columns, otherwise="it has", most=SHOWN)
            raise DataError(f"golden rows, {file.name}: no column {missing[0]!r}; {hint}")
        _refuse_unknown(held, score_columns(trial.task), file.name)
        parts.append(held[list(wanted)])
    return pd.concat(parts, ignore_index=True)


def _refuse_unknown(held: pd.DataFrame, columns: tuple[str, ...], file: str) -> None:
    """Every row needs the score that it must get: a model that gives none would agree with one that is missing."""
    for name in columns:
        values = pd.to_numeric(held[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        unknown = np.flatnonzero(~np.isfinite(values))
        if len(unknown):
            first = held[name].iloc[unknown[0]]
            found = "nothing" if pd.isna(first) else repr(first)[:40]
            raise DataError(
                f"golden rows, {file}: {name!r} is no number in {len(unknown)} of {len(held)} rows, first in row {unknown[0] + 1} "
                f"({found}); write down the score that each row must get, or take the row out"
            )
