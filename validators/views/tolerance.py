"""One tolerance in sigma, moved by the reader: what it means in PSI, KS, W1 and C2ST, and which features would alarm at it.

Nothing is measured again and no official verdict changes: intervals of the run are held against another limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.data import Grid, NumericBins
from ..core.policy import Rule, Verdict
from ..core.records import Measurement
from ..stats.sigma import auc_of_shift, ks_of_shift, psi_of_shift, robust_scale
from ..summaries.feature_counts import coarse_counts, rare_together
from . import fmt
from .chart import Row, Table
from .feature_drift import COUNTS, base_role
from .reading import Document, Record, about, measurements
from .tables import verdict_text

SMALLEST, LARGEST, STEP, USUAL = 0.01, 1.0, 0.01, 0.15
TEN = np.full(10, 0.1)
HOW = (
    "The official verdict stands: it is held against the policy's limits. Sigma is judged by its interval, as a policy would; PSI, KS "
    "and W1 are compared as they are, with the noise of sampling in them, each feature's PSI on its own bins."
)


@dataclass(frozen=True, slots=True)
class Base:
    """A feature before it moved: shares of its bins, and its standard deviation in its own units (numeric features)."""

    shares: Any
    scale: float | None


def start(document: Document) -> float:
    """Where the slider begins: the soft limit of the run's policy."""
    limits = (m["limit"] for m in measurements(document, "shift_sigma", check="DRF101"))
    warn = next((x["warn"] for x in limits if x and x["warn"] is not None), USUAL)
    return float(min(max(warn, SMALLEST), LARGEST))


def bases(stored: Mapping[Any, Any], grid: Grid) -> dict[str, Base]:
    """Every feature of the reference, else of train, as the summaries of a run hold it."""
    role, found = base_role(stored), {}
    for name, bins in grid.features.items() if role is not None else ():
        counts = stored[role, COUNTS].weighted(name) if name in stored[role, COUNTS].counts else np.zeros((1, 1))
        if counts.sum() > 0:
            binned = coarse_counts(counts, bins)
            coarse = rare_together(binned, binned, bins)[0].sum(axis=0)
            scale = robust_scale(counts.sum(axis=0)[:-1], bins.cuts) if isinstance(bins, NumericBins) else None
            found[name] = Base(coarse / coarse.sum(), scale)
    return found


def judged(m: Record, limit: float, *, null: float = 0.0) -> Verdict:
    """What a policy with this soft limit alone would say of a measurement."""
    rule = Rule(check="", metric=m["metric"], worse="above", warn=limit, fail=None, null=null)
    names = ("metric", "subject", "value", "low", "high", "n", "minor")
    return rule.judge(Measurement(**{name: m[name] for name in names}))


def sentence(document: Document, delta: float) -> str:
    """``At 0.20 sigma 2 of 10 features would alarm, 7 are within, 1 cannot be told.``"""
    found = [judged(m, delta) for m in measurements(document, "shift_sigma", check="DRF101")]
    counts = [found.count(v) for v in (Verdict.WARN, Verdict.PASS, Verdict.INCONCLUSIVE)]
    return (
        f"At a tolerance of {delta:.2f} sigma {counts[0]} of {len(found)} features would alarm, {counts[1]} are within it, "
        f"and of {counts[2]} these rows cannot tell."
    )


def scale_table(document: Document, delta: float, known: Mapping[str, Base]) -> Table:
    """The tolerance in every distance, and how many features lie beyond it by that distance alone."""
    plain = _plain(document)
    held = [_distances(m, plain, delta, known) for m in measurements(document, "shift_sigma", check="DRF101")]
    joint = next(iter(measurements(document, "c2st_auc", check="DRF103")), None)
    area = auc_of_shift(delta)
    together = "not run" if joint is None else f"all features together: {verdict_text(judged(joint, area, null=0.5))}"
    psi = fmt.number(psi_of_shift(delta, TEN))
    lines = (
        ("Shift (sigma), its interval", f"{delta:.2f}", _beyond(document, delta)),
        ("PSI, ten equal bins", psi, _count(held, "PSI", "PSI at tolerance")),
        ("KS", fmt.number(ks_of_shift(delta)), _count(held, "KS", "KS at tolerance")),
        ("W1, in standard deviations", f"{delta:.2f}", _count(held, "W1 (SD)", "W1 at tolerance")),
        ("C2ST, AUC of a classifier", fmt.number(area), together),
    )
    return Table(rows=[dict(zip(("Distance", "At this tolerance", "Beyond it"), line, strict=True)) for line in lines])


def feature_table(document: Document, delta: float, known: Mapping[str, Base]) -> Table:
    """Every feature with its shift, what it would be at this tolerance, the official verdict, and its plain distances."""
    order = (Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.PASS)
    held = sorted(
        measurements(document, "shift_sigma", check="DRF101"),
        key=lambda m: (order.index(judged(m, delta)), -(m["value"] or 0.0)),
    )
    rows, plain = [], _plain(document)
    for m in held:
        row: Row = {
            "Feature": about(m, "feature"), "Shift": m["value"], "Low": m["low"], "High": m["high"],
            "At this tolerance": verdict_text(judged(m, delta).value), "Official verdict": verdict_text(m["verdict"]),
        }  # fmt: skip
        distances = _distances(m, plain, delta, known)
        rows.append(row | {name: distances[name] for name in ("PSI", "PSI at tolerance", "KS", "W1 (SD)")})
    return Table(
        rows=rows, kinds=dict.fromkeys(("Shift", "Low", "High", "PSI", "PSI at tolerance", "KS", "W1 (SD)"), "number")
    )


def _plain(document: Document) -> dict[tuple[str, str], float | None]:
    """PSI, KS and W1 of every feature, by metric and subject."""
    held = measurements(document, "psi", "ks", "wasserstein", check="DRF101")
    return {(m["metric"], m["subject"]): m["value"] for m in held}


def _distances(
    m: Record, plain: Mapping[tuple[str, str], float | None], delta: float, known: Mapping[str, Base]
) -> dict[str, float | None]:
    """Plain distances of a feature and what the tolerance is in each; None where it is not measured or not known."""
    base = known.get(str(about(m, "feature")))
    length, scale = plain.get(("wasserstein", m["subject"])), None if base is None else base.scale
    return {
        "PSI": plain.get(("psi", m["subject"])),
        "PSI at tolerance": None if base is None else psi_of_shift(delta, base.shares),
        "KS": plain.get(("ks", m["subject"])),
        "KS at tolerance": ks_of_shift(delta),
        "W1 (SD)": None if length is None or not scale else length / scale,
        "W1 at tolerance": delta,
    }


def _beyond(document: Document, delta: float) -> str:
    found = [judged(m, delta) for m in measurements(document, "shift_sigma", check="DRF101")]
    return f"{found.count(Verdict.WARN)} of {len(found)} features"


def _count(held: list[dict[str, float | None]], distance: str, tolerance: str) -> str:
    pairs = [(d[distance], d[tolerance]) for d in held]
    told = [a > b for a, b in pairs if a is not None and b is not None]
    return f"{sum(told)} of {len(told)} features" if told else "not measured"
