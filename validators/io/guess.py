"""A first project file, guessed from the files in a folder; every guess is explained, and none is silent."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from ..core.data import Role
from ..core.errors import ProjectError
from .looks import counts_rows, reads_as_other_dates, reads_as_time
from .tables import SUFFIXES, frames, partitions

MODEL_SUFFIXES = (".skops", ".joblib", ".pkl", ".pickle", ".ubj", ".json", ".txt", ".cbm", ".onnx")
LOOK_AT = 20_000
_TARGETS = ("target", "label", "y", "outcome", "default", "class", "response")
_KEYS = ("id", "key", "row_id", "uuid")
_NUMBERS = {*_KEYS, "no", "nr", "number", "row", "record"}
_TIMES = ("time", "date", "timestamp", "event_time", "applied_at", "created_at")
_SCORES = ("score", "prediction", "probability", "y_score", "y_pred")
_SENSITIVE = ("sex", "gender", "age", "race", "ethnicity", "marital", "religion", "disability", "nationality")
_quoted = partial(json.dumps, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Guess:
    """The text of a project file, and one sentence for each guess in it."""

    toml: str
    reasons: tuple[str, ...]


def guess_project(folder: Path, *, target: str | None = None) -> Guess:
    """Guess a project file.

    Parameters
    ----------
    folder
        Holds data files whose names contain a role (test.parquet, train_2024.csv), and at most two models.
    target
        The outcome's column, if it is known.

    Raises
    ------
    ProjectError
        When there is no data file, or no column can be the target.
    """
    if not folder.is_dir():
        raise ProjectError(f"{folder}: no such folder")
    reasons: list[str] = []
    data = _data_files(folder, reasons)
    frame = _head(folder / data[Role.TEST])
    models = _models(folder, reasons)
    scores = [] if "candidate" in models else [str(c) for c in frame if str(c).lower() in _SCORES and c != target]
    rest = frame.drop(columns=scores[:1])  # what the model said is neither what it saw nor what came of it
    if rest.empty:
        raise ProjectError(f"{folder / data[Role.TEST]}: has no column but {scores[0]!r}; the outcomes are missing")
    target = _target(rest, target, reasons)
    columns = _columns(rest, target, reasons)
    task = _task(frame[target], target, reasons)
    if any(line.startswith("sensitive") for line in columns) and 'type = "regression"' not in task:
        task.append("# favourable = the outcome that people want, one of the values of the target")
        reasons.append(
            f"which value of {target!r} people want cannot be guessed: say it as favourable = ... under [task]; until then no "
            "ratio of favourable decisions by group is judged (BIA101)"
        )
    lines = [
        "[model]",
        f"id = {_quoted(folder.resolve().name)}",
        'version = "1.0.0"',
        *(f"{name} = {_quoted(file)}" for name, file in models.items()),
        "",
        "[task]",
        *task,
        "",
        "[data]",
        *(f"{role.value} = {_quoted(file)}" for role, file in data.items()),
        "",
        "[columns]",
        *columns,
    ]
    if "candidate" not in models:
        if not scores:
            reasons.append(
                'no model file was found: name one as candidate = "..." under [model], '
                'or the column of its scores as prediction = "..." under [columns]'
            )
        else:
            lines.append(f"prediction = {_quoted(scores[0])}")
            reasons.append(
                f"no model file: column {scores[0]!r} is taken for the candidate's scores (predictions only)"
            )
    lines += ["", "[policy]", "tier = 2", ""]
    return Guess("\n".join(lines), tuple(reasons))


def _data_files(folder: Path, reasons: list[str]) -> dict[Role, str]:
    files = sorted(p.name for p in folder.iterdir() if p.suffix in SUFFIXES)
    if not files:
        raise ProjectError(
            f"{folder}: no data file ({', '.join(SUFFIXES)}); put test.parquet there, and train, reference, production"
        )
    found: dict[Role, str] = {}
    words = {Role.TEST: ("test", "holdout", "valid", "eval"), Role.REFERENCE: ("reference", "baseline")}
    for role in Role:
        for word in words.get(role, (role.value,)):
            hit = next((f for f in files if word in f.lower() and f not in found.values()), None)
            if hit is not None:
                found[role] = hit
                reasons.append(f"{hit} is role {role.value}: its name says {word!r}")
                break
    if Role.TEST not in found:
        left = [f for f in files if f not in found.values()]
        if not left:
            raise ProjectError(
                f"{folder}: no file is the test data; name it test.parquet or write the project file by hand"
            )
        found[Role.TEST] = left[0]
        reasons.append(f"{left[0]} is role test: no name says so, it is the first data file without another role")
    return found


def _models(folder: Path, reasons: list[str]) -> dict[str, str]:
    files = sorted(p.name for p in folder.iterdir() if _is_model(p))
    prior = next((f for f in files if any(w in f.lower() for w in ("prior", "champion", "incumbent", "old"))), None)
    rest = [f for f in files if f != prior]
    candidate = next((f for f in rest if "candidate" in f.lower()), rest[0] if rest else None)
    found = {}
    if candidate is not None:
        found["candidate"] = candidate
        why = "its name says so" if "candidate" in candidate.lower() else "it is the first model file"
        reasons.append(f"{candidate} is the candidate: {why}")
    if prior is not None:
        found["prior"] = prior
        reasons.append(f"{prior} is the prior: its name says so")
    return found


def _is_model(path: Path) -> bool:
    """Whether a file has the ending of a model, or MLflow wrote a folder."""
    return (path / "MLmodel").is_file() or (path.suffix in MODEL_SUFFIXES and path.name != "package.json")


def _head(path: Path) -> pd.DataFrame:
    parts = partitions(path)
    frame = next(frames(parts[0])).head(LOOK_AT)
    if frame.empty:
        raise ProjectError(f"{path}: has no rows; nothing can be guessed from it")
    return frame


def _target(frame: pd.DataFrame, target: str | None, reasons: list[str]) -> str:
    if target is not None:
        if target not in frame:
            raise ProjectError(f"no column {target!r}; there are {', '.join(map(repr, frame.columns))}")
        return target
    named = [c for c in frame if str(c).lower() in _TARGETS]
    if named:
        reasons.append(f"{named[0]!r} is the target: its name says so")
        return str(named[0])
    able = [str(c) for c in frame if not (_is_time(frame[c]) or _is_key(str(c), frame[c]) or counts_rows(frame[c]))]
    last = able[-1] if able else str(frame.columns[-1])
    reasons.append(
        f"{last!r} is taken for the target because it is the last column that is no time and no key: CHECK THIS"
    )
    return last


def _columns(frame: pd.DataFrame, target: str, reasons: list[str]) -> list[str]:
    others = [str(c) for c in frame if str(c) != target]
    lines = []
    counters = [c for c in others if counts_rows(frame[c])]
    key, why = next((c for c in others if _is_key(c, frame[c])), None), "its name says so"
    if key is None:
        # one that starts anew in every file would make all rows of test look like rows of train
        key, why = next((c for c in counters if frame[c].iloc[0] > 1), None), "it counts the rows"
    if key is not None:
        lines.append(f"key = {_quoted(key)}")
        reasons.append(f"{key!r} is the key: {why} and its values are unique")
    left_out = [c for c in counters if c != key]
    reasons += [f"{c!r} only counts the rows: it is no feature" for c in left_out]
    time = next((c for c in others if pd.api.types.is_datetime64_any_dtype(frame[c])), None)
    dates = [c for c in others if reads_as_time(frame[c])]
    time = time or next((c for c in dates if _named(c, _TIMES)), None) or next(iter(dates), None)
    other = [c for c in others if time is None and reads_as_other_dates(frame[c])]
    reasons += [
        f"{c!r} looks like dates: write them as 2024-01-31, and name one as time under [columns]" for c in other
    ]
    if time is not None:
        lines.append(f"time = {_quoted(time)}")
        reasons.append(f"{time!r} is the event time: it holds times")
    sensitive = [c for c in others if any(w in c.lower().split("_") for w in _SENSITIVE) or c.lower() in _SENSITIVE]
    features = [c for c in others if c not in (key, time, *left_out)]
    if sensitive:
        stay, them = ("they stay features", "them") if len(sensitive) > 1 else ("it stays a feature", "it")
        lines.append(f"sensitive = {_quoted(sensitive)}")
        reasons.append(f"{', '.join(map(repr, sensitive))}: sensitive by name; {stay} until you take {them} out")
    lines.append(f"features = {_quoted(features)}")
    reasons.append(f"{len(features)} columns without another role are features; take out what the model does not use")
    return lines


def _is_key(name: str, column: pd.Series) -> bool:
    words = {*re.split(r"[\W_]+", name.lower()), name.lower()}
    return bool(words & _NUMBERS) and not pd.api.types.is_float_dtype(column) and bool(column.is_unique)


def _is_time(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column) or reads_as_time(column)


def _named(column: str, words: Sequence[str]) -> bool:
    low = column.lower()
    return low in words or any(low.endswith(f"_{w}") for w in words)


def _task(column: pd.Series, target: str, reasons: list[str]) -> list[str]:
    values = sorted(column.dropna().unique().tolist(), key=str)
    if not values:
        raise ProjectError(f"{target!r} holds no value in the test data; name the outcomes' column with --target")
    lines = [f"target = {_quoted(target)}"]
    whole = pd.api.types.is_integer_dtype(column) or pd.api.types.is_bool_dtype(column)
    numeric = pd.api.types.is_numeric_dtype(column)
    if len(values) == 2:
        positive = values[1]
        reasons.append(f"the task is binary: {target!r} has two values; {positive!r} is taken for the positive class")
        reasons.append(
            "decisions are cut at a score of 0.5, which is a guess: threshold under [task] says where yours are"
        )
        return ['type = "binary"', *lines, f"positive = {_quoted(positive)}", "threshold = 0.5"]
    if not numeric or (whole and len(values) <= 20):
        reasons.append(f"the task is multiclass: {target!r} has {len(values)} classes")
        return ['type = "multiclass"', *lines]
    reasons.append(f"the task is regression: {target!r} is a number with {len(values)} values")
    return ['type = "regression"', *lines]
