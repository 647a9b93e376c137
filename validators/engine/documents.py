"""Grid and summaries as JSON documents, under explicit names and versions, and back."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.data import Bins, Grid, LevelBins, NumericBins, Role
from ..core.errors import RunError
from ..core.records import Kind
from ..summaries.feature_counts import FeatureCountsKind
from ..summaries.outcomes import OutcomesKind
from ..summaries.totals import TotalsKind

VERSION = 1
PORTABLE: Mapping[str, Any] = {
    kind.name: kind
    for kind in (
        FeatureCountsKind("all"),
        FeatureCountsKind("period"),
        OutcomesKind("all"),
        OutcomesKind("period"),
        OutcomesKind("slice"),
        TotalsKind(),
    )
}


def dump(document: Mapping[str, Any]) -> str:
    """Compact JSON with shortest round-trip numbers; NaN and infinities are refused."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def grid_document(grid: Grid) -> dict[str, Any]:
    """The grid as JSON. Cuts that only fill a row up (infinite) are left out."""
    return {
        "schema": f"seatrial/grid/v{VERSION}",
        "features": {name: _bins_document(bins) for name, bins in grid.features.items()},
        "score_cuts": [c[np.isfinite(c)].tolist() for c in grid.score_cuts],
        "score_coarse": [c[np.isfinite(c)].tolist() for c in grid.score_coarse],
        "regression": grid.regression,
        "scale": grid.scale,
        "target_mean": grid.target_mean,
        "periods": [str(p) for p in grid.periods],
        "grouping": grid.grouping,
        "slices": dict(grid.slices),
        "row_weights": {role.value: weight for role, weight in grid.row_weights.items()},
    }


def grid_from(document: Mapping[str, Any]) -> Grid:
    """Inverse of `grid_document`; raises RunError for another version, or what is no grid."""
    _expect(document, f"seatrial/grid/v{VERSION}")
    with _told("grid"):
        return _grid(document)


def _grid(document: Mapping[str, Any]) -> Grid:
    return Grid(
        features={name: _bins_from(held) for name, held in document["features"].items()},
        score_cuts=_filled(document["score_cuts"]),
        score_coarse=_filled(document["score_coarse"]),
        regression=bool(document["regression"]),
        scale=float(document["scale"]),
        target_mean=float(document["target_mean"]),
        periods=tuple(np.datetime64(p) for p in document["periods"]),
        grouping=str(document["grouping"]),
        slices=dict(document["slices"]),
        row_weights={Role(role): float(weight) for role, weight in document.get("row_weights", {}).items()},
    )


def summaries_document(summaries: Mapping[tuple[Role, Kind], Any]) -> dict[str, Any]:
    """All portable summaries; rows never leave."""
    held: dict[str, dict[str, Any]] = {}
    for (role, kind), summary in summaries.items():
        if kind.portable:
            held.setdefault(role.value, {})[kind.name] = summary.to_json()
    return {"schema": f"seatrial/summaries/v{VERSION}", "roles": held}


def summaries_from(document: Mapping[str, Any]) -> dict[tuple[Role, Kind], Any]:
    """Inverse of `summaries_document`; raises RunError for another version, an unknown kind, or what is no summary."""
    _expect(document, f"seatrial/summaries/v{VERSION}")
    found: dict[tuple[Role, Kind], Any] = {}
    with _told("summaries"):
        for role, kinds in document["roles"].items():
            for name, stored in kinds.items():
                if name not in PORTABLE:
                    raise RunError(f"summaries: unknown kind {name!r}; this version knows {', '.join(PORTABLE)}")
                found[Role(role), PORTABLE[name]] = PORTABLE[name].load(stored)
    return found


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell what a document that somebody changed raises on the way into our records."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError, zlib.error) as error:
        raise RunError(
            f"{what}: cannot be read ({type(error).__name__}: {str(error)[:80]}); run the trial again"
        ) from None


def _expect(document: Mapping[str, Any], schema: str) -> None:
    if not isinstance(document, dict):
        raise RunError(f"expected a document of schema {schema!r}, found {type(document).__name__}")
    if document.get("schema") != schema:
        raise RunError(
            f"expected a document of schema {schema!r}, found {document.get('schema')!r}; use the version that wrote it"
        )


def _bins_document(bins: Bins) -> dict[str, Any]:
    if isinstance(bins, NumericBins):
        return {"cuts": bins.cuts.tolist(), "coarse": bins.coarse.tolist()}
    return {"levels": list(bins.levels), "rarer": sorted(bins.rarer), "once": sorted(bins.once)}


def _bins_from(held: Mapping[str, Any]) -> Bins:
    if "cuts" in held:
        return NumericBins(cuts=np.array(held["cuts"], np.float64), coarse=np.array(held["coarse"], np.int64))
    return LevelBins(levels=tuple(held["levels"]), rarer=frozenset(held["rarer"]), once=frozenset(held.get("once", ())))


def _filled(rows: list[list[float]]) -> tuple[Any, ...]:
    longest = max((len(r) for r in rows), default=0)
    return tuple(np.array([*r, *[np.inf] * (longest - len(r))], np.float64) for r in rows)
