"""Which charts a family's page shows; a family without charts of its own shows its estimates."""

from collections.abc import Callable, Mapping

from . import (
    backtest,
    bias,
    feature_drift,
    fit,
    forest,
    importance,
    leakage,
    noise,
    performance,
    pipeline,
    prediction_drift,
    quality,
    stress,
)
from .chart import Chart, Palette
from .reading import Document, family_verdict
from .words import FAMILIES

_CHARTS: Mapping[str, Callable[[Document, Palette], list[Chart]]] = {
    "performance": performance.charts,
    "prediction_drift": prediction_drift.charts,
    "feature_drift": feature_drift.charts,
    "importance": importance.charts,
    "noise": noise.charts,
    "stress": stress.charts,
    "quality": quality.charts,
    "leakage": leakage.charts,
    "fit": fit.charts,
    "backtest": backtest.charts,
    "bias": bias.charts,
    "pipeline": pipeline.charts,
}


def charts_of(document: Document, family: str, colours: Palette) -> list[Chart]:
    """Charts of a family that the document has numbers for, the headline first."""
    make = _CHARTS.get(family)
    return make(document, colours) if make is not None else forest.charts(document, family, colours)


def page_titles(document: Document | None) -> dict[str, str]:
    """Titles of the pages by file; a family that the open run did not test says so in the menu."""
    names = {
        "home": "Home",
        "setup": "Set up",
        "overview": "Overview",
        "slices": "Slices",
        "compare": "Compare",
        "snapshot": "Snapshot",
    }
    for family, words in FAMILIES.items():
        idle = document is not None and family_verdict(document, family) == "NOT_RUN"
        names[family] = f"{words.title} · not run" if idle else words.title
    return names
