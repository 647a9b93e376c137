"""Where to cut: decisions at any threshold, answered from the score histogram of a run, never from rows."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..core.data import WEIGHT_ONE, Grid, Role
from ..stats.proportions import wilson_interval
from ..summaries.outcomes import OutcomesKind
from ..summaries.totals import TotalsKind
from .chart import Chart, Palette, Row, Table, axis, figure
from .marks import limit_line

CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Cuts:
    """Weighted rows with a score under each cut, by outcome, and in all; `worth` is what one counts in an interval (n_eff / rows)."""

    cuts: list[float]
    negatives_below: list[float]
    positives_below: list[float]
    negatives: float
    positives: float
    worth: float = 1.0


def cuts_of(summaries: Mapping[Any, Any], grid: Grid, model: str) -> Cuts | None:
    """Counts of a binary task's scores on test; None for other tasks or where they were not kept."""
    held = summaries.get((Role.TEST, OutcomesKind("all")))
    if held is None or grid.regression or len(grid.score_cuts) != 1 or model not in held.scores:
        return None
    bins = held.scores[model][0, 0].sum(axis=0) / WEIGHT_ONE
    cuts = [float(c) for c in grid.score_cuts[0]]
    negatives, positives = ([float(v) for v in bins[k][: len(cuts) + 1]] for k in (0, 1))
    totals = summaries.get((Role.TEST, TotalsKind()))
    rows = float(bins.sum())
    worth = min(totals.n_eff / rows, 1.0) if totals is not None and totals.n_eff and rows > 0 else 1.0
    below = list(accumulate(negatives[:-1])), list(accumulate(positives[:-1]))
    return Cuts(cuts, *below, sum(negatives), sum(positives), worth)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The confusion matrix at a threshold that is one of the grid's cuts: positive is a score at or above it."""

    threshold: float
    tp: float
    fp: float
    fn: float
    tn: float


def decide(cuts: Cuts, threshold: float) -> Decisions:
    """Decisions at the first cut that is not below the threshold."""
    k = min(bisect_left(cuts.cuts, threshold), len(cuts.cuts) - 1)
    fn, tn = cuts.positives_below[k], cuts.negatives_below[k]
    return Decisions(cuts.cuts[k], cuts.positives - fn, cuts.negatives - tn, fn, tn)


RATES = ("Precision", "Recall", "Specificity", "Accuracy", "Decided positive")


def rates(d: Decisions) -> dict[str, tuple[float, float] | None]:
    """(successes, trials) of every rate; None where there is no trial."""
    n = d.tp + d.fp + d.fn + d.tn
    held = {
        "Precision": (d.tp, d.tp + d.fp),
        "Recall": (d.tp, d.tp + d.fn),
        "Specificity": (d.tn, d.tn + d.fp),
        "Accuracy": (d.tp + d.tn, n),
        "Decided positive": (d.tp + d.fp, n),
    }
    return {name: pair if pair[1] > 0 else None for name, pair in held.items()}


def rate_table(models: Mapping[str, Decisions], *, worth: float = 1.0) -> Table:
    """Rates with their intervals (Wilson, 95 %, on effective rows), candidate beside prior."""
    rows: list[Row] = []
    for name in RATES:
        for model, decisions in models.items():
            pair = rates(decisions)[name]
            row: Row = {"Rate": name, "Model": model, "Value": None, "Low": None, "High": None, "of": 0}
            if pair is not None:
                ends = wilson_interval(pair[0] * worth, pair[1] * worth)
                row |= {"Value": pair[0] / pair[1], "Low": ends.low, "High": ends.high, "of": pair[1]}
            rows.append(row)
    return Table(rows=rows, kinds=dict.fromkeys(("Value", "Low", "High"), "share") | {"of": "count"})


def confusion_table(models: Mapping[str, Decisions], positive: object) -> Table:
    """Rows by true class and decision."""
    rows: list[Row] = []
    for model, d in models.items():
        rows += [
            {"Model": model, "True class": f"is {positive}", "Decided positive": d.tp, "Decided negative": d.fn},
            {"Model": model, "True class": f"is not {positive}", "Decided positive": d.fp, "Decided negative": d.tn},
        ]
    return Table(rows=rows, kinds=dict.fromkeys(("Decided positive", "Decided negative"), "count"))


def curve(cuts: Cuts, threshold: float, colours: Palette) -> Chart:
    """Precision and recall against the threshold."""
    step = max(1, len(cuts.cuts) // CURVE_POINTS)
    held = [decide(cuts, c) for c in cuts.cuts[::step]]
    x = [d.threshold for d in held]
    values = {name: [None if (p := rates(d)[name]) is None else p[0] / p[1] for d in held] for name in RATES[:2]}
    looks = {"Precision": (colours.candidate, "solid"), "Recall": (colours.others[0], "dash")}
    traces = [
        {
            "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "connectgaps": False,
            "line": {"color": looks[name][0], "width": 2.2, "dash": looks[name][1]},
            "hovertemplate": f"{name} at %{{x:.3f}}: %{{y:.1%}}<extra></extra>",
        }
        for name, y in values.items()
    ]  # fmt: skip
    mark = limit_line(decide(cuts, threshold).threshold, "threshold", colours)
    mark["shape"]["line"] = {"color": colours.prior, "width": 1.5}
    return Chart(
        key="threshold_curve",
        title="Precision and recall of the candidate by threshold",
        figure=figure(
            traces, x=axis("threshold"), y=axis("rate", kind="share", range=[0, 1.02]), height=320,
            shapes=[mark["shape"]], legend=True,
        ),
        table=Table(
            rows=[{"Threshold": a, **{name: values[name][i] for name in values}} for i, a in enumerate(x)],
            kinds={"Precision": "share", "Recall": "share"},
        ),
        alt=f"Precision and recall of the candidate at {len(x)} thresholds.",
        caption="Counted on every test row that the run read, at the cuts of its score histogram. The intervals beside take rows as "
        "independent; those of the check itself count rows of one entity or day as one draw.",
    )  # fmt: skip
