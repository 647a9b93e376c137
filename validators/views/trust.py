"""The self-test of the checks, as a table and in words."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..summaries.planting import words
from . import fmt
from .chart import Row, Table
from .reading import Record
from .words import metric_kind, metric_label

FILE = "self_trust.json"
CAPTION = (
    "Every check was run again on rows of this trial: without a fault, and with a planted one of once and twice its limit. No alarm "
    "without, and nearly always one at twice the limit, is what a check should show; at the limit itself about half. A check that "
    "lets twice its limit pass in more than a fifth of the tries cannot give Pass. What would cost too much to repeat is tested on "
    "fewer rows, or lighter by an option."
)


def read_self_test(run: Path) -> dict[str, Record]:
    """What `self_trust.json` of a run folder says, by check; empty where there is none that can be read."""
    try:
        document = json.loads((run / FILE).read_text("utf-8"))
        return {held["check"]: held for held in document["checks"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def trust_table(held: Mapping[str, Record], results: Sequence[Record]) -> Table:
    """A row per planted fault of the checks that were tested."""
    mine = [(r["check"], held[r["check"]]) for r in results if r["check"] in held]
    rows = [_row(check, trust, tried) for check, trust in mine for tried in trust["tried"]]
    if not any(row["Lighter by"] for row in rows):
        rows = [{k: v for k, v in row.items() if k != "Lighter by"} for row in rows]
    return Table(rows=rows, kinds={"Changed rows": "share", "Rows used": "share"})


def planted(held: Mapping[str, Record], results: Sequence[Record]) -> list[str]:
    """What was planted, a line per fault: ``PRF102, AUC lost against the prior: A share of rows get another row's score``."""
    mine = [(r["check"], tried) for r in results if r["check"] in held for tried in held[r["check"]]["tried"]]
    return [f"{check}, {metric_label(tried['metric'])}: {words(tried['fault'])}" for check, tried in mine]


def untested(held: Mapping[str, Record], results: Sequence[Record]) -> list[str]:
    """Checks that were not tested, a line per reason: ``PIP101, PIP102: nothing of it is judged``."""
    checks: dict[str, list[str]] = {}
    for check in (r["check"] for r in results if r["check"] in held and not held[r["check"]]["tried"]):
        checks.setdefault(held[check]["reason"], []).append(check)
    return [f"{', '.join(names)}: {reason}" for reason, names in checks.items()]


def _row(check: str, trust: Record, tried: Record) -> Row:
    kind, of = metric_kind(tried["metric"]), tried["replicates"]
    size = "number" if kind == "signed" else kind  # a plus would make it a formula
    noticed = f"{tried['found_2x']} of {of}"
    if tried["open_2x"]:
        noticed += f", held open in {tried['open_2x']}"
    return {
        "Check": check,
        "Metric": metric_label(tried["metric"]),
        "Planted": f"{fmt.shown(tried['tolerance'], size)} in {tried['into']}"
        if tried["tolerance"]
        else f"one in {tried['into']}",
        "Alarms without": f"{tried['null_alarms']} of {of}",
        "Found at the limit": f"{tried['found_1x']} of {of}",
        "Found at twice": noticed,
        "Changed rows": tried["changed_2x"],
        "Rows used": trust["rows"] / trust["rows_given"] if trust["rows_given"] else None,
        "Lighter by": ", ".join(f"{k} = {_plain(v)}" for k, v in tried.get("options", {}).items()),
    }


def _plain(value: Any) -> str:
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value).lower()


def trust_sentence(held: Mapping[str, Record], results: Sequence[Record]) -> str:
    """How many of some checks were tested, and which cannot be trusted."""
    mine: list[Any] = [held[r["check"]] for r in results if r["check"] in held]
    if not mine:
        return "These checks were not tested in this run; a whole run of suite release tests them."
    tested = [t for t in mine if t["tried"]]
    doubtful = [t["check"] for t in tested if not t["trusted"]]
    text = f"{len(tested)} of {len(mine)} checks tested on this trial's own rows."
    return f"{text} Let the planted fault pass: {', '.join(doubtful)}." if doubtful else text
