"""Which row is which: hashes of keys, of whole rows, and of what makes rows dependent."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..summaries.values import text_of
from .trial import Trial

HASH_KEY = "seatrial-rows-01"
_WHOLE = re.compile(r"(-?[1-9][0-9]{0,18}|0)(\.0+)?")
_PADDED = re.compile(r"(-?0*[0-9]{1,19})(\.0+)?")
_WORD = (1 << 64) - 1


def row_keys(frame: pd.DataFrame, trial: Trial) -> NDArray[np.uint64]:
    """Hash of the key column; of the whole content of the row without one, and where the key is missing."""
    key, gone = trial.project.columns.key, without_key(frame, trial)
    hashed = np.zeros(len(frame), np.uint64)
    if key is not None and key in frame:
        hashed = hash_values(frame[key], padded=_numbered(trial, key))
    if gone.any():
        hashed[gone] = pd.util.hash_pandas_object(frame[gone], index=False, hash_key=HASH_KEY)
    return hashed


def without_key(frame: pd.DataFrame, trial: Trial) -> NDArray[np.bool_]:
    """(n,) rows that have no key: it is missing, or the role lacks the column."""
    return _missing(frame, trial.project.columns.key)


def without_entity(frame: pd.DataFrame, trial: Trial) -> NDArray[np.bool_]:
    """(n,) rows that have no entity: it is missing, or the role lacks the column."""
    return _missing(frame, trial.project.columns.entity)


def _missing(frame: pd.DataFrame, column: str | None) -> NDArray[np.bool_]:
    if column is None or column not in frame:
        return np.ones(len(frame), np.bool_)
    return frame[column].isna().to_numpy(np.bool_)


def key_order(frame: pd.DataFrame, trial: Trial) -> NDArray[np.float64] | None:
    """The number in the key: itself, or the digits at the end of a text (at most fifteen); None without a key."""
    key = trial.project.columns.key
    if key is None or key not in frame:
        return None
    held = frame[key]
    if not pd.api.types.is_numeric_dtype(held.dtype):
        held = pd.to_numeric(held.astype(str).str.extract(r"(\d{1,15})\D*$", expand=False), errors="coerce")
    return np.asarray(held.to_numpy(np.float64, na_value=np.nan), np.float64)


def units(
    frame: pd.DataFrame, trial: Trial, grouping: str, key: NDArray[np.uint64], time: NDArray[np.datetime64] | None
) -> NDArray[np.uint64]:
    """Hash of what makes rows dependent: the entity, the calendar day, or the row itself (also where the entity is missing)."""
    entity = trial.project.columns.entity
    if grouping == "day" and time is not None:
        days = time.astype("datetime64[D]").astype(np.int64)
        return np.asarray(pd.util.hash_array(days, hash_key=HASH_KEY), dtype=np.uint64)
    mixed = np.asarray(pd.util.hash_array(key.astype(np.int64), hash_key=HASH_KEY), dtype=np.uint64)
    if grouping == "entity" and entity is not None and entity in frame:
        known = hash_values(frame[entity], padded=_numbered(trial, entity))
        return np.where(without_entity(frame, trial), mixed, known)
    return mixed


def _numbered(trial: Trial, column: str) -> bool:
    """Whether any role holds the column as numbers: what begins with noughts elsewhere lost them there."""
    return any(kinds.get(column) == "number" for kinds in trial.schemas.values())


def hash_values(column: pd.Series, *, padded: bool = False) -> NDArray[np.uint64]:
    """64-bit hash of every value, the same on every machine; a whole number has one hash as an integer, a float and plain text.

    Text that begins with noughts (007) is another value than the number, unless they are `padded`. A day and its midnight are one.
    """
    if isinstance(column.dtype, np.dtype) and pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy()
        if values.dtype.kind != "f":
            return _hashed(values.astype(np.int64))
        found = _hashed(values)
        whole = np.flatnonzero((values == np.rint(values)) & (np.abs(values) < 2.0**63))
        found[whole] = _hashed(values[whole].astype(np.int64))
        return found
    texts = column.astype(object).map(text_of).to_numpy()
    found = _hashed(texts)
    pattern = _PADDED if padded else _WHOLE
    read = [(i, m[1]) for i, m in enumerate(map(pattern.fullmatch, texts)) if m]
    if read:
        found[[i for i, _ in read]] = _hashed(np.array([int(digits) & _WORD for _, digits in read], np.uint64))
    return found


def _hashed(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    return np.asarray(pd.util.hash_array(values, hash_key=HASH_KEY), dtype=np.uint64)
