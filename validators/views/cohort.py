"""A slice that was saved once, on every page: what the run measured about it, said plainly where that is nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.data import CANDIDATE, PRIOR, Grid, Role, Task
from ..summaries.cells import classes_held
from ..summaries.metrics import estimates
from ..summaries.metrics import measurements as with_intervals
from ..summaries.outcomes import Outcomes, OutcomesKind
from . import fmt
from .chart import Chart, Palette, Row, Table
from .marks import dots
from .reading import Document, Record, about, is_prior, measurements, merged, results
from .subject_words import subject_words
from .tables import dot_of, measurement_table
from .words import metric_kind, metric_label

ALL, SLICES = OutcomesKind("all"), OutcomesKind("slice")
DRAWN = (
    "auc",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "base_rate",
    "auc_ovr",
    "r2",
)


def known(document: Document | None, saved: Mapping[str, str]) -> dict[str, str]:
    """Slices by name as conditions: those that the run knew, then those that the project file has gained since."""
    measured = {} if document is None else dict(document["project"].get("slices", {}))
    return measured | {label: text for label, text in saved.items() if label not in measured}


def about_slice(document: Document, condition: str, family: str | None = None) -> list[Record]:
    """What the run measured about the slice, the prior's own apart."""
    held = measurements(document, family=family)
    return [m for m in held if about(m, "slice") == condition and not is_prior(m)]


def sentence(document: Document, condition: str, family: str | None) -> str:
    """What of a page is about the slice; the rest of it is of all rows, and says so."""
    found = about_slice(document, condition, family)
    if found:
        checks = ", ".join(sorted({r["check"] for r in results(document, family) if _holds(r, condition)}))
        are = "1 number here is" if len(found) == 1 else f"{fmt.count(len(found))} numbers here are"
        return f"{are} about this slice ({checks}). What does not name the slice is of all rows."
    if condition not in document["project"].get("slices", {}).values():
        return "This run does not know the slice: run the trial again to measure it. Everything on this page is of all rows."
    others = sorted({r["check"] for r in results(document) if _holds(r, condition)})
    where = f" {', '.join(others)} did." if others else ""
    return f"No check here measured this slice.{where} Everything on this page is of all rows."


def title(label: str, condition: str) -> str:
    """``young_eu: age < 25 & region = EU``."""
    return f"{label}: {subject_words(f'slice:{condition}')}"


def table(document: Document, condition: str, family: str | None = None) -> Table:
    """The measurements about the slice with their checks, in the order of the document."""
    rows: list[Row] = []
    for result in results(document, family):
        held = [m for m in merged(result["measurements"]) if about(m, "slice") == condition and not is_prior(m)]
        words = measurement_table(held).rows
        rows += [{"Check": result["check"], **{k: v for k, v in row.items() if k != "Subject"}} for row in words]
    return Table(rows=rows, kinds={"n": "count"})


def _holds(result: Record, condition: str) -> bool:
    return any(about(m, "slice") == condition for m in result["measurements"])


def task_of(document: Document) -> Task:
    """The task as the run had it."""
    held = document["project"]["task"]
    return Task(
        type=held["type"],
        target=held["target"],
        classes=tuple(held["classes"]),
        positive=held["positive"],
        threshold=held["threshold"],
    )


def chart(document: Document, stored: Mapping[Any, Any], grid: Grid, label: str, colours: Palette) -> Chart | None:
    """Metrics of the candidate on the slice, all rows open beside them; None where the run did not count the slice."""
    key = (Role.TEST, SLICES)
    if label not in grid.slices or key not in stored or CANDIDATE not in stored[key].sums:
        return None
    place, task = list(grid.slices).index(label), task_of(document)
    classes = classes_held(stored[key], CANDIDATE, place)

    def records(outcomes: Outcomes, model: str, cell: int) -> dict[str, dict[str, Any]]:
        return _records(estimates(outcomes, model, task, grid, cell, classes))

    inside = records(stored[key], CANDIDATE, place)
    whole = records(stored[Role.TEST, ALL], CANDIDATE, 0) if (Role.TEST, ALL) in stored else {}
    prior = records(stored[key], PRIOR, place) if PRIOR in stored[key].sums else {}
    rows = [
        dot_of(m, metric_label(k), whole.get(k)) for k, m in inside.items() if k in DRAWN and m["value"] is not None
    ]
    if not rows:
        return None
    drawn = dots(rows, colours)
    for trace in drawn["data"]:
        trace["name"] = "all rows" if trace["name"] == "prior" else "this slice"
    n = next(iter(inside.values()))["n"]
    return Chart(
        key="cohort",
        title=f"{label}: candidate on this slice, all rows open",
        figure=drawn,
        table=_metric_table(inside, whole, prior),
        alt=f"Metrics on {label}, n = {fmt.count(n)}; first: {rows[0].hover}",
        caption=f"n = {fmt.count(n)}. Each interval is at 95 % by itself; the slice is part of all rows. PRF201 judges it.",
    )


def _records(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Measurements of a cell as the records that tables and charts take; no policy judges them."""
    plain: dict[str, Any] = {"limit": None, "limits": [], "verdict": None, "counts": True, "mde": None}
    names = ("metric", "subject", "value", "low", "high", "level", "method", "n", "n_eff", "size", "note", "minor")
    return {m.metric: {name: getattr(m, name) for name in names} | plain for m in with_intervals(dict(found), "model")}


def _metric_table(inside: Mapping[str, Record], whole: Mapping[str, Record], prior: Mapping[str, Record]) -> Table:
    rows: list[Row] = []
    for name, m in inside.items():
        kind = metric_kind(name)
        rows.append(
            {
                "Metric": metric_label(name),
                "Slice": fmt.shown(m["value"], kind),
                "Interval": fmt.interval(m["low"], m["high"], kind),
                "All rows": _value(whole, name),
                "Prior on the slice": _value(prior, name),
                "n": m["n"],
                "Note": m["note"],
            }
        )
    return Table(rows=rows, kinds={"n": "count"})


def _value(held: Mapping[str, Record], name: str) -> str:
    return fmt.shown(held[name]["value"], metric_kind(name)) if name in held else fmt.NONE


def unique(names: Sequence[str], wanted: str) -> str:
    """A name that is not taken: ``slice_1``, ``slice_2``."""
    return next(name for k in range(1, len(names) + 2) if (name := f"{wanted}_{k}") not in names)
