"""Subjects of measurements, taken apart and as people write them."""

import json
import re

from . import fmt

_SLICE = re.compile(r"slice:[^(;]+?(?= \(|;|$)")
_LIMIT = re.compile(r"((?:cannot exclude a value|or) (?:above|below) )(-?\d+(?:\.\d+)?(?:e-?\d+)?)(?=;| or |$)")
_ROLES = ("train", "test", "reference", "production", "serving")
_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]')


def split(text: str, separator: str) -> list[str]:
    """Split outside JSON strings."""
    parts, held, at = [], "", 0
    while at < len(text):
        if text.startswith(separator, at):
            parts.append(held)
            held, at = "", at + len(separator)
            continue
        piece = _PIECES.match(text, at)
        taken = piece.group() if piece else text[at]
        held += taken
        at += len(taken)
    return [*parts, held]


def atoms(subject: str) -> dict[str, str]:
    """Atoms of a subject by kind: ``{"feature": "age", "rows": "gaussian_0.1"}``; names are as the project writes them."""
    found: dict[str, str] = {}
    for atom in split(subject, " | "):
        kind, _, rest = atom.partition(":")
        found[kind] = _name(rest) if kind in ("feature", "class") else rest
    return found


def _name(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def subject_words(subject: str) -> str:
    """A subject as people write it: ``age < 25 & region = EU``, ``income · 2025-03``."""
    held = atoms(subject)
    role = held.pop("rows") if len(held) > 1 and held.get("rows") in _ROLES else None
    words = " · ".join(filter(None, (_atom_words(kind, text) for kind, text in held.items())))
    return words if role is None else f"{words} in {role}"


def note_words(note: str, kind: str = "number") -> str:
    """A note in which slices stand as people write them, and a limit as its metric's values are."""
    limited = _LIMIT.sub(lambda found: found[1] + fmt.exact(float(found[2]), kind), note)
    return _SLICE.sub(lambda found: f"slice {subject_words(found.group())}", limited)


def _atom_words(kind: str, text: str) -> str:
    if kind == "model":
        return "model"
    if kind == "features":
        return ", ".join(_name(n) for n in split(text, ","))
    if kind == "slice":
        return " & ".join(_term(t) for t in split(text, " & "))
    if kind == "group":
        return " & ".join(" = ".join(_name(p) for p in split(t, "=")) for t in split(text, " & "))
    if kind == "period":
        return period_words(text)
    if kind == "class":
        return f"class {text}"
    if kind == "rows":
        return rows_words(text)
    return text


_TERM = re.compile(r'^("(?:[^"\\]|\\.)*"|[^=!<>]+?)\s*(==|!=|<=|>=|<|>| in )\s*(.*)$')


def _term(text: str) -> str:
    found = _TERM.match(text)
    if found is None:
        return text
    name, operator, value = found.groups()
    if value == "null":
        return f"{_name(name)} missing" if operator == "==" else f"{_name(name)} present"
    sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(operator, operator.strip())
    return f"{_name(name)} {sign} {_rounded(value)}"


def _rounded(value: str) -> str:
    """A number of many digits by its first five: a bound that was searched for is no rounder than the data."""
    try:
        short = f"{float(value):.5g}"
    except ValueError:
        return _name(value)
    return short if len(short) < len(value) and "." in value else value


def period_words(text: str) -> str:
    """``2025-01`` for a whole month, else both days."""
    start, _, end = text.partition("..")
    if start[:7] == end[:7] and start.endswith("-01") and end[8:] in ("28", "29", "30", "31"):
        return start[:7]
    return f"{start} to {end}"


def rows_words(word: str) -> str:
    """``bin_03`` as bin 3, ``gaussian_0.1`` as noise of 0.1 SD, ``test`` as in test."""
    kind, _, size = word.partition("_")
    if kind in ("gaussian", "quantile"):
        return f"noise of {size} SD"
    if word in _ROLES:
        return f"in {word}"
    return " ".join(p.lstrip("0") or "0" if p.isdigit() else p for p in word.split("_"))
