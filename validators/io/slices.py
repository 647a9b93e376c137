"""Declared slices: ``age < 25 & region == "EU"`` as terms, and the rows they hold."""

import json
import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import subjects
from ..core.errors import ProjectError
from ..core.times import as_times

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_PART = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?)?)?)?")
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


def members(terms: tuple[Term, ...], frame: pd.DataFrame, *, strict: bool = True) -> NDArray[np.bool_]:
    """(n,) which rows are in the slice; a missing value is in no slice but ``name == null``.

    Numbers are compared as numbers, categories as what they are categories of, and times as far as the value is written: a date is
    the whole day, 2025-03 the month. Text is compared as text, but with < and > and a number as the numbers that it spells.

    Raises
    ------
    ProjectError
        When a value of the column, or that of the slice, cannot be read as what they are compared as. Without `strict` such rows
        are in no slice.
    """
    inside = np.ones(len(frame), dtype=np.bool_)
    for term in terms:
        column = _uncategorised(frame[term.name])
        known = column.notna().to_numpy()
        if term.value is None:
            inside &= known if term.op == "!=" else ~known
            continue
        values = term.value if term.op == "in" else [term.value]
        held = np.zeros(len(frame), dtype=np.bool_)
        for one in (Term(term.name, "==" if term.op == "in" else term.op, v) for v in values if v is not None):
            try:
                held |= _holds(one, column, column[known])
            except ProjectError:
                if strict:
                    raise
        inside &= held & known
    return inside


def _uncategorised(column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    held = column.cat.categories.dtype
    number = pd.api.types.is_numeric_dtype(held) and not pd.api.types.is_bool_dtype(held)
    return column.astype("float64" if number else held if held.kind == "M" else object)


def _holds(term: Term, column: pd.Series, known: pd.Series) -> NDArray[np.bool_]:
    """(n,) whether a value compares with that of the term as it says; what missing values give is left to `members`."""
    value, compare, ordered = term.value, _OPERATORS[term.op], term.op not in ("==", "!=")
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    first = known.iloc[0] if len(known) else None
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(first, date):
        time = _time(str(value))
        if time is None:
            raise _refused(term, f"is a time and {value!r} is none; write it as 2025-01-31 or 2025-01-31T09:30")
        return np.asarray(compare(_stamps(column).astype(time.dtype), time), dtype=np.bool_)
    truths = pd.api.types.is_bool_dtype(column) or any(isinstance(v, bool | np.bool_) for v in known.head(1000))
    numeric = pd.api.types.is_numeric_dtype(column)
    if isinstance(value, str) and (truths or numeric):
        number = _number(value)
    if truths and number is not None:
        column = column.astype("object").map(float, na_action="ignore").astype("float64")
    elif not truths and numeric:
        if number is None and ordered and len(known):
            raise _refused(term, f"holds numbers and {value!r} is none; write a number")
    elif not truths and ordered and number is not None:
        strange = known[pd.to_numeric(known, errors="coerce").isna().to_numpy()]
        if len(strange):
            what = f"is text, and {len(strange):,} of {len(known):,} values, such as {str(strange.iloc[0])[:60]!r}, are no numbers"
            raise _refused(term, f'{what}; compare texts as {term.op} "{value}", or list values with in')
        column = pd.to_numeric(column, errors="coerce")
    elif not truths:
        number = None
    held = compare(column, number) if number is not None else compare(_as_text(column), _text(value, truths=truths))
    return np.asarray(held.fillna(value=False) if hasattr(held, "fillna") else held, dtype=np.bool_)


def _refused(term: Term, why: str) -> ProjectError:
    return ProjectError(f"slice {term.text!r}: column {term.name!r} {why}")


def _stamps(column: pd.Series) -> NDArray[np.datetime64]:
    """Times in UTC, of any year: those of `as_times` end with 2261."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        return np.array([v if isinstance(v, date) else None for v in column], "M8[us]")
    return (column if getattr(column.dt, "tz", None) is None else column.dt.tz_convert(None)).to_numpy()


def _time(text: str) -> np.datetime64 | None:
    """A time in the unit that it is written to; in UTC where it has a zone."""
    if not _PART.fullmatch(text):
        found = as_times(pd.Series([text]))[0]
        return None if np.isnat(found) else found
    try:
        return np.datetime64(text.replace(" ", "T"))
    except ValueError:
        return None


def _as_text(column: pd.Series) -> pd.Series:
    """As texts; booleans as TOML and JSON write them."""
    return column.astype("object").map(lambda v: _text(v, truths=isinstance(v, bool | np.bool_)))


def _text(value: Any, *, truths: bool) -> str:
    return str(value).lower() if truths or isinstance(value, bool) else str(value)


def _number(text: str) -> int | float | None:
    try:
        return float(text) if not re.fullmatch(r"-?\d+", text) else int(text)
    except ValueError:
        return None


def _bare(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def _value(text: str, op: str, whole: str) -> Any:
    if op == "in":
        try:
            listed = json.loads(text, parse_float=_spelt)
        except ValueError:
            listed = None
        if not isinstance(listed, list) or not listed:
            raise ProjectError(f'slice {whole!r}: "in" takes a list, e.g. region in ["EU", "UK"]')
        return listed
    if text.startswith('"'):
        return json.loads(text)
    if text == "null":
        return None
    if op in ("==", "!="):
        return _spelt(text)
    number = _number(text)
    return text if number is None else number


def _spelt(text: str) -> int | float | str:
    """A number, but where it would be written otherwise: 00501, 1E5 and 1.50 may be texts of the data, and numbers if these are."""
    number = _number(text)
    return text if number is None or str(number) != text else number
