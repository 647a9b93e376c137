"""What the parent takes of a worker's answer to "trees": sizes and indices are checked before anything walks over them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ModelError
from ..stats.tree_shap import Ensemble

MOST_BYTES = 1 << 28
_NODE_TYPES = (
    ("feature", "i4"),
    ("threshold", "f8"),
    ("left", "i4"),
    ("right", "i4"),
    ("missing_left", "u1"),
    ("value", "f8"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatTrees:
    """An ensemble, the rows (n, p) as its trees see them, and for each of the p columns the feature that it comes from."""

    ensemble: Ensemble
    matrix: NDArray[np.float64]
    source: NDArray[np.int32]
    features: tuple[str, ...]


def size_of(header: dict[str, Any], rows: int) -> int:
    """Bytes that must follow a header; raises ModelError when its counts are no counts, or too large."""
    nodes, trees, columns = (_count(header, name) for name in ("nodes", "trees", "columns"))
    if header.get("rows") != rows:
        raise ModelError("described other rows than were asked for")
    per_node = sum(np.dtype(t).itemsize for _, t in _NODE_TYPES)
    size = nodes * per_node + 4 * (trees + columns) + 8 * rows * columns
    if size > MOST_BYTES:
        raise ModelError(f"has trees of {size} bytes; at most {MOST_BYTES} are read")
    return size


def _count(header: dict[str, Any], name: str) -> int:
    value = header.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 28:
        raise ModelError(f"described an ensemble without {name}")
    return value


def flat_trees_from(header: dict[str, Any], payload: bytes, features: tuple[str, ...]) -> FlatTrees:
    """The arrays out of a payload of the right size; raises ModelError where they are not trees."""
    nodes, trees, columns, rows = (int(header[name]) for name in ("nodes", "trees", "columns", "rows"))
    layout = [*((name, t, nodes) for name, t in _NODE_TYPES), ("root", "i4", trees), ("source", "i4", columns)]
    held, at = {}, 0
    for name, kind, count in (*layout, ("matrix", "f8", rows * columns)):
        held[name] = np.frombuffer(payload, np.dtype(kind).newbyteorder("<"), count, at).astype(kind)
        at += held[name].nbytes
    ensemble = Ensemble(
        **{name: held[name] for name in ("feature", "threshold", "left", "right", "value", "root")},
        missing_left=held["missing_left"] != 0, strict=header.get("strict") is True, single=header.get("single") is True,
    )  # fmt: skip
    source = held["source"]
    if not _are_trees(ensemble, columns) or source.min() < 0 or source.max() >= len(features):
        raise ModelError("described something that is not an ensemble of trees")
    return FlatTrees(ensemble=ensemble, matrix=held["matrix"].reshape(rows, columns), source=source, features=features)


def _are_trees(e: Ensemble, columns: int) -> bool:
    """Every split asks for a column that is there, children come after their parent in the same tree, numbers are finite."""
    if e.root[0] != 0 or (np.diff(e.root) <= 0).any() or e.root[-1] >= len(e.feature) or not np.isfinite(e.value).all():
        return False
    end = np.append(e.root[1:], len(e.feature))
    tree = np.repeat(end, np.diff(np.append(e.root, len(e.feature))))
    at = np.flatnonzero(e.feature >= 0)
    inside = all((side[at] > at).all() and (side[at] < tree[at]).all() for side in (e.left, e.right))
    leaves_end = (e.feature >= -1).all() and (e.feature < columns).all()
    once = np.concatenate([e.left[at], e.right[at]])
    return bool(inside and leaves_end and len(np.unique(once)) == len(once))
