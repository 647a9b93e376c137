"""Faults of attributions, planted with a known size: what a model leans on, and in which direction."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ..core import subjects
from ..core.attributions import Attributions
from ..core.data import CANDIDATE, PRIOR
from .worlds import Floats, Planted, World

LEAST_SHARE = 0.02


def reasons_swapped(world: World, rng: np.random.Generator) -> World | None:
    """Candidate and prior change places in half of the units: neither leans on other features than the other."""
    held = world.attributions
    if held is None or PRIOR not in held.phi:
        return None
    _, unit = np.unique(held.unit, return_inverse=True)
    turn = (rng.random(int(unit.max(initial=-1)) + 1) < 0.5)[unit][:, None]
    a, b = held.phi[CANDIDATE], held.phi[PRIOR]
    phi = {**held.phi, CANDIDATE: np.where(turn, b, a), PRIOR: np.where(turn, a, b)}
    return replace(world, attributions=replace(held, phi=phi))


def as_declared(world: World, rng: np.random.Generator) -> World | None:
    """Every feature with a declared direction works in it; these attributions are not sampled."""
    held = world.attributions
    names = _declared(world)
    if held is None or not names:
        return None
    phi = held.phi[CANDIDATE].copy()
    for name in names:
        phi[:, held.features.index(name)] = _way(world, name) * _rising(held.X[name], rng)
    return replace(world, attributions=replace(held, phi={**held.phi, CANDIDATE: phi}, apart={}))


def share_moved(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """The candidate leans more on one group of features: its share in the importance grows by `size`."""
    held = world.attributions
    if held is None:
        return None
    whole = held.sizes(CANDIDATE, held.groups)
    share = whole / whole.sum() if whole.sum() > 0 else whole
    able = [g for g in range(len(share)) if LEAST_SHARE <= share[g] < 1 - size]
    if not able:
        return None
    g = able[turn % len(able)]
    factor = (share[g] + size) * (1 - share[g]) / (share[g] * (1 - share[g] - size))
    members = np.isin(held.features, held.groups[g])
    phi = {**held.phi, CANDIDATE: held.phi[CANDIDATE] * np.where(members, factor, 1.0)}
    return _with(world, held, phi, subjects.features(held.groups[g]))


def against_declared(world: World, size: float, rng: np.random.Generator, turn: int) -> Planted | None:  # noqa: ARG001
    """One feature works against its declared direction."""
    held, names = world.attributions, _declared(world)
    if held is None or not names:
        return None
    name = names[turn % len(names)]
    phi = held.phi[CANDIDATE].copy()
    phi[:, held.features.index(name)] *= -1
    return _with(world, held, {**held.phi, CANDIDATE: phi}, subjects.feature(name))


def _with(world: World, held: Attributions, phi: dict[str, Floats], subject: str) -> Planted:
    return Planted(world=replace(world, attributions=replace(held, phi=phi)), subject=subject, changed=1.0)


def _declared(world: World) -> list[str]:
    held = world.attributions
    if held is None:
        return []
    numeric = [f for f in held.features if pd.api.types.is_numeric_dtype(held.X[f])]
    return [f for f in numeric if "monotone" in world.constraints.get(f, {})]


def _way(world: World, name: str) -> float:
    return 1.0 if world.constraints[name]["monotone"] == "increasing" else -1.0


def _rising(column: pd.Series, rng: np.random.Generator) -> Floats:
    """A noisy rising function of a column; 0 where it is missing."""
    rank = column.astype(np.float64).rank(pct=True).to_numpy()
    return np.where(np.isnan(rank), 0.0, rank - 0.5 + rng.normal(0, 0.1, len(rank)))
