"""Prediction drift: who flips, where the scores lie, and which band moves into which."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.data import WEIGHT_ONE, Grid, Role
from ..summaries.outcomes import OutcomesKind
from . import fmt
from .binning import bulk, equal_bins
from .chart import Chart, Palette, Row, Table, axis, figure
from .marks import dots, heat, steps
from .reading import Document, about, is_prior, measurements
from .subject_words import subject_words
from .tables import dot_of, dot_table
from .words import metric_label

FLIPS = ("flip_rate", "net_flips", "right_to_wrong", "wrong_to_right", "flip_rate_of_class")
CHANGES = ("mean_change_sd", "shift_sigma", "shift_sigma_of_class", "mean_absolute_change_sd", "rms_change_sd")
BAND = re.compile(r"band_0*(\d+)_to_0*(\d+)$")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Flips, changes of the score, migration."""
    found = [
        _dots(document, colours, FLIPS, "flips", "Decisions that change on the same rows", "share"),
        _dots(document, colours, CHANGES, "changes", "How far the score moves, in standard deviations", "number"),
        migration(document, colours),
    ]
    return [c for c in found if c is not None]


def _dots(document: Document, colours: Palette, names: Sequence[str], key: str, title: str, kind: str) -> Chart | None:
    held = [m for m in measurements(document, *names, family="prediction_drift") if m["value"] is not None]
    held = sorted((m for m in held if not is_prior(m)), key=lambda m: names.index(m["metric"]))
    rows = []
    for m in held:
        where = subject_words(m["subject"]).removeprefix("model · ")
        label = metric_label(m["metric"]) + ("" if where == "model" else f", {where}")
        rows.append(dot_of(m, label))
    if not rows:
        return None
    return Chart(
        key=key,
        title=title,
        figure=dots(rows, colours, kind=kind, zero=True),
        table=dot_table(rows, kind, name="What"),
        alt=" ".join(r.hover for r in rows[:3]),
        caption=f"n = {fmt.count(rows[0].n)}; 95 % intervals. Orange marks are the limits.",
    )


def migration(document: Document, colours: Palette) -> Chart | None:
    """Share of each band of the prior's score that lands in each band of the candidate's."""
    cells: dict[tuple[int, int], Any] = {}
    for m in measurements(document, "migration"):
        found = BAND.search(about(m, "rows") or "")
        if found is not None and m["value"] is not None:
            cells[int(found[1]), int(found[2])] = m
    if not cells:
        return None
    bands = sorted({i for pair in cells for i in pair})
    totals = {i: sum(m["value"] for (a, _), m in cells.items() if a == i) for i in bands}
    share = {pair: m["value"] / totals[pair[0]] for pair, m in cells.items() if totals[pair[0]] > 0}
    stay = sum(m["value"] for (a, b), m in cells.items() if a == b)
    names = [str(i) for i in bands]
    hover = [
        [
            f"band {i} to {j}: {fmt.share(share.get((i, j)))} of {fmt.count(cells[i, j]['n']) if (i, j) in cells else 0} rows"
            for j in bands
        ]
        for i in bands
    ]
    drawn = heat(
        [[share.get((i, j)) for j in bands] for i in bands], names, names, hover, colours, kind="share", height=380
    )
    drawn["layout"]["xaxis"]["title"] = {"text": "band, candidate"}
    drawn["layout"]["yaxis"]["title"] = {"text": "band, prior"}
    return Chart(
        key="migration",
        title="Which band of the prior's score moves where",
        figure=drawn,
        table=Table(
            rows=[{"From": i, **{f"to {j}": share.get((i, j)) for j in bands}} for i in bands],
            kinds={f"to {j}": "share" for j in bands},
        ),
        alt=f"{fmt.share(stay)} of the rows stay in their band of the prior's score.",
        caption=f"Bands of equal size of the prior's score, 1 the lowest. "
        f"{fmt.share(stay)} of the rows stay in theirs; each line adds up to 100 %.",
    )


def score_chart(summaries: Mapping[Any, Any], grid: Grid, colours: Palette, *, column: int = 0) -> Chart | None:
    """Candidate's score on test and on the reference, and the prior's on test, as shares of equal bins."""
    kind = OutcomesKind("all")
    wanted = [
        (Role.TEST, "candidate", "candidate, test"),
        (Role.TEST, "prior", "prior, test"),
        (Role.REFERENCE, "candidate", "candidate, reference"),
    ]
    held = [(summaries[role, kind], model, name) for role, model, name in wanted if (role, kind) in summaries]
    curves = [
        (name, o.scores[model][0, column].sum(axis=(0, 1)) / WEIGHT_ONE) for o, model, name in held if model in o.scores
    ]
    if not curves:
        return None
    cuts = [float(c) for c in grid.score_cuts[column] if abs(float(c)) != float("inf")]
    middle = bulk(cuts, [[float(b) for b in bins[:-2]] for _, bins in curves])
    thinned = equal_bins(cuts, whole=middle if grid.regression else (0.0, 1.0))
    traces: list[dict[str, Any]] = []
    rows: list[Row] = [{"From": lo, "To": hi} for lo, hi in thinned.spans]
    n = 0.0
    looks = {
        "candidate, test": {"color": colours.candidate, "width": 2.4},
        "prior, test": {"color": colours.prior, "width": 1.4},
        "candidate, reference": {"color": colours.candidate, "width": 1.4, "dash": "dot"},
    }
    for name, bins in curves:
        shares = thinned.shares([float(b) for b in bins])
        n = max(n, float(bins.sum()))
        hover = f"{name}<br>from %{{x:.3g}}: %{{y:.1%}}<extra></extra>"
        traces.append(steps(thinned.edges, shares, name, hover, **looks[name]))
        for row, value in zip(rows, shares, strict=True):
            row[name] = value
    kinds = {name: "share" for name, _ in curves}
    return Chart(
        key="scores",
        title="Where the scores lie",
        figure=figure(traces, x=axis("score"), y=axis("share of rows", kind="share", rangemode="tozero"), legend=True),
        table=Table(rows=rows, kinds=kinds),
        alt=f"Distribution of the score over {len(rows)} bins for {', '.join(name for name, _ in curves)}.",
        caption=f"{len(rows)} bins of equal width, {fmt.count(n)} rows; missing and out-of-range scores are counted under Unusable scores.",
    )
