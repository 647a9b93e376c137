"""Scenario files: one TOML per scenario in the folder that `[data] scenarios` names; all problems are reported at once.

A file has a title and either ``[[change]]`` tables (feature, one of multiply, add, set, clip, quantile_map, and where) or
``[[target]]`` tables (where with share or times, or feature with mean or shift).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..core.errors import ProjectError
from ..core.hints import nearest
from ..core.scenarios import Action, Change, Filter, Scenario, Target
from .slices import Term, members, parse_slice

_TOP = ("title", "change", "target")
_ACTIONS: tuple[Action, ...] = ("multiply", "add", "set", "clip", "quantile_map")
_CHANGE = ("feature", "where", *_ACTIONS)
_AIMS = ("share", "times", "mean", "shift")
_IN_WORDS = {
    "share": "{what} in {value:.0%} of the rows",
    "times": "{value:g} times as many with {what}",
    "mean": "{what} {value:g} on average",
    "shift": "{what} {value:+g} on average",
}
_TARGET = ("feature", "where", *_AIMS)
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


def read_scenarios(folder: Path) -> dict[str, Scenario]:
    """Scenarios by name (the file's, without .toml), sorted.

    Raises
    ------
    ProjectError
        With every problem of every file.
    """
    if not folder.is_dir():
        raise ProjectError(
            f"[data] scenarios: {folder.name!r} is no folder; give one that holds a .toml file per scenario"
        )
    files = sorted(folder.glob("*.toml"))
    problems = [] if files else [f"[data] scenarios: no .toml file in {folder.name!r}; each scenario is one"]
    found = {}
    for path in files:
        try:
            raw = tomllib.loads(path.read_bytes().decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
            problems.append(f"{path.name}: not valid TOML: {error}")
            continue
        mine = [f"{path.name}: {p}" for p in _problems(raw, path.stem)]
        problems += mine
        if not mine:
            found[path.stem] = scenario_of(raw, path.stem)
    if problems:
        raise ProjectError(*problems)
    return found


def scenario_of(raw: Mapping[str, Any], name: str) -> Scenario:
    """A scenario out of parsed TOML that has no problems."""
    changes, targets, columns = [], [], []
    for held in raw.get("change", ()):
        where, names = _filter(held.get("where"))
        action = next(a for a in _ACTIONS if a in held)
        changes.append(Change(feature=held["feature"], action=action, value=_plain(held[action]), where=where))
        columns += names
    for held in raw.get("target", ()):
        where, names = _filter(held.get("where"))
        aim = next(a for a in _AIMS if a in held)
        text = _IN_WORDS[aim].format(what=held.get("where") or held["feature"], value=held[aim])
        relative, value = aim in ("times", "shift"), float(held[aim])
        targets.append(Target(text=text, value=value, relative=relative, feature=held.get("feature"), where=where))
        columns += names
    title = raw.get("title", name)
    return Scenario(title=title, changes=tuple(changes), targets=tuple(targets), columns=tuple(dict.fromkeys(columns)))


def _plain(value: Any) -> Any:
    return tuple(_plain(v) for v in value) if isinstance(value, list) else value


def _filter(text: str | None) -> tuple[Filter | None, list[str]]:
    if text is None:
        return None, []
    terms: tuple[Term, ...] = parse_slice(text)
    return partial(members, terms), [t.name for t in terms]


def _problems(raw: Mapping[str, Any], name: str) -> Iterator[str]:
    if not _WORD.fullmatch(name):
        yield f"a scenario's name has letters, digits, _, . and - only, got {name!r}; rename the file"
    yield from (f"unknown key {k!r}; {nearest(k, _TOP)}" for k in raw if k not in _TOP)
    if not isinstance(raw.get("title", ""), str):
        yield f"title must be a text, got {raw['title']!r}"
    if ("change" in raw) == ("target" in raw):
        yield "a scenario has either [[change]] or [[target]] tables: features change, or the mix of the rows does"
    for kind, known, check in (("change", _CHANGE, _change_problems), ("target", _TARGET, _target_problems)):
        tables = raw.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables) or (kind in raw and not tables):
            yield f"{kind} must be tables: write [[{kind}]] above each"
            continue
        for i, held in enumerate(tables, 1):
            unknown = [f"unknown key {k!r}; {nearest(k, known)}" for k in held if k not in known]
            yield from (f"[[{kind}]] {i}: {p}" for p in (*unknown, *_where_problems(held), *check(held)))


def _where_problems(held: Mapping[str, Any]) -> list[str]:
    if "where" not in held:
        return []
    if not isinstance(held["where"], str):
        return [f"where must be a text, got {held['where']!r}"]
    try:
        parse_slice(held["where"])
    except ProjectError as error:
        return [f"where: {p}" for p in error.problems]
    return []


def _change_problems(held: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(held.get("feature"), str):
        yield "has no feature; name the one that changes"
    actions = [a for a in _ACTIONS if a in held]
    if len(actions) != 1:
        yield f"takes one of {', '.join(_ACTIONS)}, got {' and '.join(actions) or 'none'}"
        return
    action, value = actions[0], held[actions[0]]
    if action in ("multiply", "add") and not _number(value):
        yield f"{action} must be a number, got {value!r}"
    if action == "set" and not isinstance(value, str | bool) and not _number(value):
        yield f"set must be a number, a text, true or false, got {value!r}"
    if action == "clip" and not (
        isinstance(value, list) and len(value) == 2 and all(_number(v) for v in value) and value[0] <= value[1]
    ):
        yield f"clip must be [low, high], got {value!r}; -inf and inf are open ends"
    if action == "quantile_map" and not _quantiles(value):
        yield f"quantile_map must be [[level, value], ...], both ascending, levels from 0.0 to 1.0, got {value!r}"


def _quantiles(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2:
        return False
    if not all(isinstance(p, list) and len(p) == 2 and all(_number(v) for v in p) for p in value):
        return False
    levels, values = [p[0] for p in value], [p[1] for p in value]
    return levels == sorted(set(levels)) and values == sorted(values) and levels[0] == 0 and levels[-1] == 1


def _target_problems(held: Mapping[str, Any]) -> Iterator[str]:
    aims = [a for a in _AIMS if a in held]
    if len(aims) != 1:
        yield f"takes one of {', '.join(_AIMS)}, got {' and '.join(aims) or 'none'}"
        return
    aim, value = aims[0], held[aims[0]]
    asked, other = ("where", "feature") if aim in ("share", "times") else ("feature", "where")
    if not isinstance(held.get(asked), str) or other in held:
        yield f"{aim} goes with {asked} and without {other}"
    if not _number(value):
        yield f"{aim} must be a number, got {value!r}"
    elif (aim == "share" and not 0 < value < 1) or (aim == "times" and not value > 0):
        yield f"{aim} must be {'between 0 and 1' if aim == 'share' else 'above 0'}, got {value}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - not NaN
