"""Importance: shares of the attributions under both models, shifts beyond the noise floor, directions."""

from . import fmt
from .chart import Chart, Palette
from .marks import dots
from .reading import Document, about, by_badness, measurements
from .subject_words import subject_words
from .tables import dot_of, dot_table

MOST_DOTS = 30


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Shares, shifts, directions."""
    found = [shares(document, colours), shifts(document, colours), directions(document, colours)]
    return [c for c in found if c is not None]


def shares(document: Document, colours: Palette) -> Chart | None:
    """Dumbbells of the shares of every feature, the largest on top."""
    mine = {m["subject"]: m for m in measurements(document, "share_candidate") if m["value"] is not None}
    prior = {m["subject"]: m for m in measurements(document, "share_prior") if m["value"] is not None}
    most = {s: max(m["value"], prior[s]["value"] if s in prior else 0.0) for s, m in mine.items()}
    held = sorted(mine.values(), key=lambda m: -most[m["subject"]])
    rows = [dot_of(m, subject_words(m["subject"]), prior.get(m["subject"])) for m in held]
    if not rows:
        return None
    more = f" The largest {MOST_DOTS} of {len(rows)} are drawn." if len(rows) > MOST_DOTS else ""
    return Chart(
        key="shares",
        title="Share of the attributions, candidate and prior",
        figure=dots(rows[:MOST_DOTS], colours, kind="share", zero=True),
        table=dot_table(rows, "share", name="Feature"),
        alt=f"Largest share of the candidate's attributions: {rows[0].hover}",
        caption=f"Shapley values of the same {fmt.count(rows[0].n)} test rows under both models; 95 % intervals from a jackknife.{more}",
    )


def shifts(document: Document, colours: Palette) -> Chart | None:
    """Change of the share of every group of features, beyond what refits alone change."""
    held = [m for m in by_badness(measurements(document, "share_shift")) if m["value"] is not None]
    held = sorted(held, key=lambda m: -m["value"])
    rows = [dot_of(m) for m in held[:MOST_DOTS]]
    if not rows:
        return None
    return Chart(
        key="share_shifts",
        title="Change of the share beyond chance, worst first",
        figure=dots(rows, colours, kind="share", zero=True),
        table=dot_table(rows, "share", name="Features"),
        alt=f"{len(rows)} groups of features; most changed: {rows[0].hover}",
        caption="Features that stand in for each other are one group. A change that refits of one learner show too counts "
        "as 0, a larger one is shown whole.",
    )


def directions(document: Document, colours: Palette) -> Chart | None:
    """Rank correlation of a feature with its attribution, candidate and prior."""
    mine = [m for m in measurements(document, "direction") if m["value"] is not None]
    prior = {m["subject"]: m for m in measurements(document, "direction_of_prior")}
    rows = [
        dot_of(m, about(m, "feature"), prior.get(m["subject"])) for m in sorted(mine, key=lambda m: -abs(m["value"]))
    ]
    if not rows:
        return None
    wrong = [m for m in measurements(document, "sign_reversal") if m["value"]]
    words = (
        f" Against the declared direction: {', '.join(subject_words(m['subject']) for m in wrong)}." if wrong else ""
    )
    return Chart(
        key="directions",
        title="Direction: does the score rise (right) or fall (left) with the feature?",
        figure=dots(rows[:MOST_DOTS], colours),
        table=dot_table(rows, "number", name="Feature"),
        alt=f"Direction of {len(rows)} numeric features.{words}",
        caption=f"Rank correlation of value and attribution, −1 to 1.{words}",
    )
