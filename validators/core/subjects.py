"""Subjects: what a measurement is about, as text that people, policies and links can hold on to.

The grammar is fixed with version 1 of results.json::

    subject = atom *( " | " atom )
    atom    = "model" / "feature:" name / "features:" name *("," name) / "slice:" term *(" & " term)
            / "group:" name "=" value *(" & " name "=" value) / "period:" date ".." date / "class:" value / "rows:" word
    term    = name op value;  op = "==" / "!=" / "<" / "<=" / ">" / ">=" / " in "
"""

import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

MODEL = "model"
_BARE = re.compile(r"[A-Za-z0-9_.-]+")


def quoted(name: object) -> str:
    """A name or value: bare when it can be, else a JSON string; a missing value is ``null``."""
    if name is None:
        return "null"
    text = str(name)
    return text if _BARE.fullmatch(text) and text != "null" else json.dumps(text, ensure_ascii=False)


def feature(name: str) -> str:
    """``feature:age``."""
    return f"feature:{quoted(name)}"


def features(names: Iterable[str]) -> str:
    """``features:a,b`` for a group of features that are judged as one; one name gives ``feature:a``."""
    listed = [quoted(n) for n in names]
    return f"features:{','.join(listed)}" if len(listed) > 1 else f"feature:{listed[0]}"


def term(name: str, operator: str, value: Any) -> str:
    """One condition, as ``age < 25`` without spaces: ``age<25``."""
    spaced = f" {operator} " if operator == "in" else operator
    return f"{quoted(name)}{spaced}{quoted(value)}"


def slice_of(terms: Iterable[str]) -> str:
    """``slice:region==EU & age<25`` out of terms."""
    return "slice:" + " & ".join(terms)


def period(start: date, end: date) -> str:
    """``period:2025-01-01..2025-01-31``; both ends belong to it."""
    return f"period:{start.isoformat()}..{end.isoformat()}"


def class_of(value: object) -> str:
    """``class:setosa``."""
    return f"class:{quoted(value)}"


def rows(word: str) -> str:
    """``rows:gaussian_0.1``: a part of the rows, or rows treated in some way; one bare word."""
    if not _BARE.fullmatch(word):
        raise ValueError(f"rows: takes one bare word, got {word!r}")
    return f"rows:{word}"


def join(*atoms: str) -> str:
    """Several atoms as one subject."""
    return " | ".join(atoms)


def fits(required: str, subject: str) -> bool:
    """Whether a subject is the required one, in which ``*`` stands for one name, value or range."""
    parts = [re.escape(part) for part in required.split("*")]
    return re.fullmatch(r'(?:"(?:[^"\\]|\\.)*"|[^"&|=])*'.join(parts), subject) is not None
