"""Declared slices: ``age < 25 & region == "EU"`` as terms, and the rows they hold."""

import json
import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.errors import ProjectError

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NAME = r'(?P<name>"(?:[^"\\]|\\.)*"|[\w.-]+)'
_VALUE = r'(?P<value>\[.*\]|"(?:[^"\\]|\\.)*"|[^\s&"|<>=!\[\]]+)'
_TERM = re.compile(rf"\s*{_NAME}\s*(?P<op>==|!=|<=|>=|<|>|\bin\b)\s*{_VALUE}\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. A `value` of None stands for a missing value; "in" takes a list."""

    name: str
    op: str
    value: Any

    @property
    def text(self) -> str:
        """As in a subject."""
        if self.op == "in":
            return f"{subjects.quoted(self.name)} in {json.dumps(self.value, ensure_ascii=False)}"
        return subjects.term(self.name, self.op, self.value)


def parse_slice(text: str) -> tuple[Term, ...]:
    """Terms of a slice; raises ProjectError with the place that cannot be read."""
    terms, at = [], 0
    while True:
        found = _TERM.match(text, at)
        if not found:
            rest = text[at : at + 30]
            raise ProjectError(
                f"slice {text!r}: cannot read {rest!r}; write conditions as name == value, joined by &, e.g. "
                'age < 25 & region == "EU"; a name with blanks stands in double quotes'
            )
        terms.append(Term(_bare(found["name"]), found["op"], _value(found["value"].strip(), found["op"], text)))
        at = found.end()
        if at == len(text):
            return tuple(terms)
        if text[at] != "&":
            raise ProjectError(f"slice {text!r}: expected & at {text[at : at + 20]!r}")
        at += 1


def declared(toml: str) -> dict[str, str]:
    """Slices of a project file's text by name, written as in subjects; those that cannot be read are left to `read_project`."""
    try:
        held = tomllib.loads(toml).get("slices", {})
    except tomllib.TOMLDecodeError:
        return {}
    found = {}
    for label, text in held.items() if isinstance(held, dict) else ():
        try:
            found[str(label)] = " & ".join(t.text for t in parse_slice(text))
        except (ProjectError, TypeError):
            continue
    return found


def with_slice(toml: str, label: str, condition: str) -> str:
    """The text of a project file with one more slice, everything else as it was.

    Raises
    ------
    ProjectError
        When the name is taken or not a plain one, the condition cannot be read, or the file is no valid TOML.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", label):
        raise ProjectError(f"slice {label!r}: a name has 1 to 40 letters, digits, _ or -")
    parse_slice(condition)
    try:
        taken = tomllib.loads(toml).get("slices", {})
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"seatrial.toml: not valid TOML: {error}") from None
    if label in taken:
        raise ProjectError(f"slice {label!r}: is there already, as {taken[label]!r}; choose another name")
    value = f"'{condition}'" if "'" not in condition else json.dumps(condition, ensure_ascii=False)
    line = f"{label} = {value}"
    header = re.compile(r"^\[slices\][^\n]*$", re.MULTILINE)
    changed = header.sub(lambda m: f"{m[0]}\n{line}", toml, count=1)
    if not header.search(toml):
        changed = f"{toml.rstrip()}\n\n[slices]\n{line}\n"
    if tomllib.loads(changed)["slices"].get(label) != condition:
        raise ProjectError("seatrial.toml: [slices] is written in a way that cannot be added to; add the line by hand")
    return changed


def members(terms: tuple[Term, ...], frame: pd.DataFrame) -> NDArray[np.bool_]:
    """(n,) which rows are in the slice; a missing value is in no slice but ``name == null``."""
    inside = np.ones(len(frame), dtype=np.bool_)
    for term in terms:
        inside &= _holds(term, frame[term.name])
    return inside


def _holds(term: Term, column: pd.Series) -> NDArray[np.bool_]:
    missing = column.isna().to_numpy()
    if term.value is None:
        return missing if term.op == "==" else ~missing
    if term.op == "in":
        texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in term.value]
        return np.asarray(_as_text(column).isin(texts), dtype=np.bool_) & ~missing
    if isinstance(term.value, str) or not pd.api.types.is_numeric_dtype(column):
        truths = pd.api.types.is_bool_dtype(column) or any(isinstance(v, bool) for v in column.dropna().head(1000))
        text = str(term.value).lower() if truths else str(term.value)
        held = _OPERATORS[term.op](_as_text(column), text)
    else:
        held = _OPERATORS[term.op](column, term.value)
    return np.asarray(held.fillna(value=False) if hasattr(held, "fillna") else held, dtype=np.bool_) & ~missing


def _as_text(column: pd.Series) -> pd.Series:
    """As texts; booleans as TOML and JSON write them."""
    return column.astype("object").map(lambda v: str(v).lower() if isinstance(v, bool | np.bool_) else str(v))


def _bare(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def _value(text: str, op: str, whole: str) -> Any:
    if op == "in":
        try:
            listed = json.loads(text)
        except ValueError:
            listed = None
        if not isinstance(listed, list) or not listed:
            raise ProjectError(f'slice {whole!r}: "in" takes a list, e.g. region in ["EU", "UK"]')
        return listed
    if text.startswith('"'):
        return json.loads(text)
    if text == "null":
        return None
    try:
        return float(text) if not re.fullmatch(r"-?\d+", text) else int(text)
    except ValueError:
        return text
