"""Rows as production serves them: what is wrong with their columns is a finding, so reading them must not stop a run."""

import numpy as np
import pandas as pd

from ..core.data import Role, with_columns
from ..core.errors import DataError
from .encode import times
from .folders import NESTED
from .trial import Trial


def conformed(frame: pd.DataFrame, trial: Trial) -> pd.DataFrame:
    """The frame with every feature and slice column, absent ones without a value; no outcome, weight or unreadable time.

    Lists and records, which are no values of a feature, count as missing; keys are but compared.
    """
    columns, kinds = trial.project.columns, trial.schemas.get(Role.SERVING, {})
    nested = [c for c in map(str, frame) if NESTED in kinds.get(c, "") and c != columns.key]
    frame = with_columns(frame, dict.fromkeys(nested, np.nan))
    wanted = [*trial.features, *(t.name for terms in trial.project.slices.values() for t in terms)]
    absent = dict.fromkeys(name for name in wanted if name not in frame)
    drop = [c for c in (trial.task.target, columns.weight, columns.label_time) if c in frame and c not in wanted]
    clocks = [c for c in (columns.time, *columns.available_at.values()) if c is not None and c in frame]
    drop += [c for c in clocks if not _is_time(frame, c)]
    held = frame.drop(columns=list(dict.fromkeys(drop)))
    return with_columns(held, dict.fromkeys(absent, np.nan))


def scorable(trial: Trial) -> bool:
    """Whether the candidate's scores of serving can be had: from its columns where they are declared, else with every feature."""
    held, project = trial.schemas.get(Role.SERVING), trial.project
    if held is None:
        return False
    if project.columns.prediction:
        return all(name in held for name in project.columns.prediction)
    return all(name in held for name in trial.features)


def _is_time(frame: pd.DataFrame, column: str) -> bool:
    try:
        times(frame, column, Role.SERVING)
    except DataError:
        return False
    return True
