"""A project with a run in a user's home, made by hand in a few milliseconds."""

import json
from pathlib import Path

import numpy as np

from tests.views.documents import document
from validators.core.data import Grid, LevelBins, NumericBins, Role
from validators.engine.documents import dump, grid_document, summaries_document
from validators.summaries.feature_counts import FeatureCounts, FeatureCountsKind
from validators.summaries.outcomes import Outcomes, OutcomesKind

CUTS = np.arange(1, 20) / 20
TOML = """[model]
id = "credit"
version = "1.5.0"
[task]
type = "binary"
target = "default"
positive = 1
[data]
test = "test.csv"
[columns]
prediction = "score"
[policy]
tier = 2
"""


def project(home: Path, name: str = "credit") -> Path:
    """A predictions-only project without a run; its id in the app is ``my-NAME``."""
    folder = home / "projects" / name
    folder.mkdir(parents=True)
    (folder / "seatrial.toml").write_text(TOML)
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 400)
    rows = zip(
        rng.normal(50, 10, 400),
        rng.integers(18, 80, 400),
        np.clip(0.3 * y + rng.uniform(0, 0.7, 400), 0, 1),
        y,
        strict=True,
    )
    lines = ["income,age,score,default", *(f"{a:.2f},{b},{c:.4f},{d}" for a, b, c, d in rows)]
    (folder / "test.csv").write_text("\n".join(lines) + "\n")
    return folder


def run(folder: Path, held: dict | None = None, name: str = "20261124T100000Z-abcdef") -> Path:
    """A run folder of the project: a document, and small summaries of test and reference."""
    out = folder / "runs" / name
    out.mkdir(parents=True)
    (out / "results.json").write_text(json.dumps(held or document()))
    (out / "policy.toml").write_text("")
    (out / "report.html").write_text("<!doctype html>")
    bins = {
        "income": NumericBins(cuts=np.array([10.0, 20.0, 30.0]), coarse=np.arange(4)),
        "region": LevelBins(levels=("EU", "US")),
    }
    grid = Grid(features=bins, score_cuts=(CUTS,), score_coarse=(CUTS,))
    (out / "grid.json").write_text(dump(grid_document(grid)))
    (out / "summaries.json").write_text(dump(summaries_document(_summaries())))
    return out


def _summaries() -> dict:
    rng = np.random.default_rng(4)
    held = {}
    for role in (Role.TEST, Role.REFERENCE):
        counts = {"income": (1, 10, 5), "region": (1, 10, 5)}
        features = {name: rng.integers(1, 50, shape) << 20 for name, shape in counts.items()}
        held[role, FeatureCountsKind("all")] = FeatureCounts(features)
        scores = {m: rng.integers(0, 30, (1, 1, 10, 3, len(CUTS) + 3)) << 20 for m in ("candidate", "prior")}
        sums = {m: np.zeros((1, 10, 12), np.int64) for m in scores}
        empty = np.zeros((1, 10), np.int64)
        held[role, OutcomesKind("all")] = Outcomes(empty, empty, sums, scores, np.zeros((1, 10, 5), np.int64))
    return held
