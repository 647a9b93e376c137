"""Fit: train beside test, the models of other sizes, the gap by region, the learning curve."""

from . import fmt, forest
from .chart import Chart, Palette, Row, Table, axis, figure
from .marks import band, dots, line
from .reading import Document, Record, about, measurements
from .sentences import measurement_sentence
from .tables import dot_of, dot_table

DRAWN = ("score_of_role", "score_of_model", "region_gap", "curve_score", "train_test_gap", "membership_advantage")


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Scores, judged estimates, regions, curve."""
    own = [scores(document, colours), regions(document, colours), curve(document, colours)]
    first, *rest = own
    judged = forest.charts(document, "fit", colours, but=DRAWN)
    return [c for c in (first, *judged, *rest) if c is not None]


def scores(document: Document, colours: Palette) -> Chart | None:
    """The candidate on train and on test, and the others on the same test rows."""
    roles = {about(m, "rows"): m for m in measurements(document, "score_of_role") if m["value"] is not None}
    rows = [dot_of(roles[role], f"candidate on {role}") for role in ("train", "test") if role in roles]
    others = [m for m in measurements(document, "score_of_model") if m["value"] is not None and about(m, "rows")]
    rows += [dot_of(m, f"{about(m, 'rows')} on test") for m in others]
    if not rows:
        return None
    gap = next((m for m in measurements(document, "train_test_gap") if m["value"] is not None), None)
    words = (
        "" if gap is None else f" Train lies {fmt.shown(gap['value'], 'number')} above test; alone that is no fault."
    )
    return Chart(
        key="scores",
        title="Scores: train beside test, and models of other sizes on the same test rows",
        figure=dots(rows, colours),
        table=dot_table(rows, "number", name="Model and rows"),
        alt="; ".join(f"{r.label} {r.value:.3f}" for r in rows) + ".",
        caption=f"AUC (its mean over the classes; R2 / 2 in regression) with 95 % intervals.{words}",
    )


def regions(document: Document, colours: Palette) -> Chart | None:
    """Gaps of declared and searched regions, the largest on top."""
    held = sorted(
        (m for m in measurements(document, "region_gap") if m["value"] is not None), key=lambda m: -m["value"]
    )
    if not held:
        return None
    rows = [dot_of(m) for m in held]
    return Chart(
        key="region_gap",
        title="Loss on test above train, by region",
        figure=dots(rows, colours, kind="share"),
        table=dot_table(rows, "share", name="Region"),
        alt=f"{len(rows)} regions; largest: {rows[0].hover}",
        caption="Relative to the mean loss on test. Searched regions are chosen on one half of the rows and measured on the other; "
        "intervals are simultaneous over the regions.",
    )


def curve(document: Document, colours: Palette) -> Chart | None:
    """Score of our own learner by training rows, with its band."""
    held = sorted((m for m in measurements(document, "curve_score") if m["value"] is not None), key=_size)
    if not held:
        return None
    x = [_size(m) for m in held]
    gain = next((m for m in measurements(document, "gain_at_twice") if m["value"] is not None), None)
    hover = [[m["subject"], measurement_sentence(m)] for m in held]
    drawn = line(x, [m["value"] for m in held], "our learner", colours.candidate,
                 customdata=hover, hovertemplate="%{customdata[1]}<extra></extra>")  # fmt: skip
    words = "" if gain is None else f" Twice the rows: {measurement_sentence(gain)}"
    return Chart(
        key="learning_curve",
        title="Learning curve of our own learner",
        figure=figure(
            [band(x, [m["low"] for m in held], [m["high"] for m in held], colours.band), drawn],
            x=axis("training rows (log)", type="log", tickvals=x, ticktext=[fmt.count(k) for k in x]),
            y=axis("score on test"),
            height=320,
        ),
        table=Table(
            rows=[
                Row({"Training rows": _size(m), "Score": m["value"], "Low": m["low"], "High": m["high"]}) for m in held
            ],
            kinds={"Training rows": "count"},
        ),
        alt=f"Score {held[0]['value']:.3f} with {fmt.count(x[0])} rows, {held[-1]['value']:.3f} with {fmt.count(x[-1])}.",
        caption=f"Mean over a few parts of each size; band: 95 % interval over the test rows.{words}",
    )


def _size(m: Record) -> int:
    return int(str(about(m, "rows") or "train_0").rpartition("_")[2])
