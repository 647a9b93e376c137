"""A first project file, guessed from the files in a folder; every guess is explained, and none is silent."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from ..core.data import Role
from ..core.errors import ProjectError
from .folder import data_files, model_files
from .looks import counts_rows, is_time, is_weight, reads_as_other_dates, reads_as_time
from .tables import frames, partitions

LOOK_AT = 20_000
_TARGETS = ("target", "label", "y", "outcome", "default", "class", "response")
_KEYS = ("id", "key", "row_id", "uuid")
_NUMBERS = {*_KEYS, "no", "nr", "number", "row", "record"}
_TIMES = ("time", "date", "timestamp", "event_time", "applied_at", "created_at")
_INDEX = re.compile(r"__index_level_\d+__")
_SCORES = ("score", "prediction", "probability", "y_score", "y_pred")
_SENSITIVE = ("sex", "gender", "age", "race", "ethnicity", "marital", "religion", "disability", "nationality")
_quoted = partial(json.dumps, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Guess:
    """The text of a project file, and one sentence for each guess in it."""

    toml: str
    reasons: tuple[str, ...]


def guess_project(
    folder: Path, *, target: str | None = None, listed: Callable[[Path], Sequence[str]] = lambda _: ()
) -> Guess:
    """Guess a project file.

    Parameters
    ----------
    folder
        Holds data files whose names contain a role (test.parquet, train_2024.csv), and at most two models.
    target
        The outcome's column, if it is known.
    listed
        Gives the features that a model's file lists as its own; none by default.

    Raises
    ------
    ProjectError
        When there is no data file, or no column can be the target.
    """
    if not folder.is_dir():
        raise ProjectError(f"{folder}: no such folder")
    reasons: list[str] = []
    data = data_files(folder, reasons)
    heads = {role: _head(folder / file) for role, file in data.items()}
    frame = heads[Role.TEST]
    if frame.empty:
        raise ProjectError(f"{folder / data[Role.TEST]}: has no rows; nothing can be guessed from it")
    reasons += [f"{c!r} is the index that pandas wrote: it is left out" for c in frame if _INDEX.fullmatch(str(c))]
    frame = frame[[c for c in frame if not _INDEX.fullmatch(str(c))]]
    models = model_files(folder, reasons)
    reads = tuple(listed(folder / models["candidate"])) if "candidate" in models else ()
    reads = reads if set(reads) <= {*frame} else ()  # names that the file made up, f0 or column_1, say nothing
    scores = [] if "candidate" in models else [str(c) for c in frame if str(c).lower() in _SCORES and c != target]
    rest = frame.drop(columns=scores[:1])  # what the model said is neither what it saw nor what came of it
    if rest.empty:
        raise ProjectError(f"{folder / data[Role.TEST]}: has no column but {scores[0]!r}; the outcomes are missing")
    if target is None and set(reads) >= {*rest}:
        raise ProjectError(f"{folder / data[Role.TEST]}: the candidate reads every column; the outcomes are missing")
    target = _target(rest if target is not None else rest.drop(columns=[*reads]), target, reasons)
    columns = _columns(rest, target, reads, heads, reasons)
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


def _head(path: Path) -> pd.DataFrame:
    return next(frames(partitions(path)[0])).head(LOOK_AT)


def _target(frame: pd.DataFrame, target: str | None, reasons: list[str]) -> str:
    if target is not None:
        if target not in frame:
            raise ProjectError(f"no column {target!r}; there are {', '.join(map(repr, frame.columns))}")
        return target
    named = [c for c in frame if str(c).lower() in _TARGETS]
    if named:
        reasons.append(f"{named[0]!r} is the target: its name says so")
        return str(named[0])
    able = [str(c) for c in frame if not (is_time(frame[c]) or _is_key(str(c), frame[c]) or counts_rows(frame[c]))]
    last = able[-1] if able else str(frame.columns[-1])
    reasons.append(
        f"{last!r} is taken for the target because it is the last column that is no time and no key: CHECK THIS"
    )
    return last


def _columns(
    frame: pd.DataFrame, target: str, reads: Sequence[str], heads: Mapping[Role, pd.DataFrame], reasons: list[str]
) -> list[str]:
    others = [str(c) for c in frame if str(c) != target]
    free = [c for c in others if c not in reads]
    lines = []
    counters = [c for c in free if counts_rows(frame[c])]
    named = [c for c in free if _is_key(c, frame[c])]
    repeats = {
        c: r for c in dict.fromkeys((*named, *counters)) for r, f in heads.items() if c in f and not f[c].is_unique
    }
    key, why = next((c for c in named if c not in repeats), None), "its name says so"
    if key is None:
        # one that starts anew in every file would make all rows of test look like rows of train
        key, why = next((c for c in counters if frame[c].iloc[0] > 1 and c not in repeats), None), "it counts the rows"
    if key is not None:
        lines.append(f"key = {_quoted(key)}")
        reasons.append(f"{key!r} is the key: {why} and its values are unique in every file")
    repeated = [c for c in named if c in repeats]
    reasons += [
        f"{c!r} is no key: it repeats in {repeats[c].value}; where it names a customer or the like, say entity = {_quoted(c)} "
        "under [columns]"
        for c in repeated
    ]
    counting = [c for c in counters if c != key and c not in repeated]
    reasons += [f"{c!r} only counts the rows: it is no feature" for c in counting]
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
    weight = next((c for c in free if reads and c != key and is_weight(c, frame[c])), None)
    if weight is not None:
        lines.append(f"weight = {_quoted(weight)}")
        reasons.append(
            f"{weight!r} is taken for the weight of a row: its name says so, and the candidate does not read it: CHECK THIS"
        )
    features = [*reads] or [c for c in others if c not in (key, time, *counting, *repeated)]
    if sensitive:
        stay, them = ("they stay features", "them") if len(sensitive) > 1 else ("it stays a feature", "it")
        lines.append(f"sensitive = {_quoted(sensitive)}")
        reasons.append(f"{', '.join(map(repr, sensitive))}: sensitive by name; {stay} until you take {them} out")
    lines.append(f"features = {_quoted(features)}")
    why = "without another role are features; take out what the model does not use"
    reasons.append(f"{len(features)} columns {'are features: the candidate lists them as its own' if reads else why}")
    return lines


def _is_key(name: str, column: pd.Series) -> bool:
    words = {*re.split(r"[\W_]+", name.lower()), name.lower()}
    return bool(words & _NUMBERS) and not pd.api.types.is_float_dtype(column) and bool(column.is_unique)


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
