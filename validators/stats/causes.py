"""Causes of served values that differ from researched ones: what a cause is, which are taken, and where one is confined to.

Every cause is tried on the differing rows alone, so a fault of a tenth of the rows is as plain as one of all. The cause that
explains most of them wins, at a tie the simpler one; what it leaves is diagnosed again, at most three times.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .parity import Flags, Floats, tolerance, whole_differs

FEWEST = 0.2
TIE = 0.005
ROUNDS = 3
Levels = tuple[NDArray[np.int64], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why rows differ: a bare word, a clause in words, and the rows that it explains. `factor`, `offset` where it is arithmetic."""

    kind: str
    words: str
    rows: Flags
    factor: float | None = None
    offset: float | None = None

    @property
    def share(self) -> float:
        """Share of the rows that it explains."""
        return float(self.rows.mean()) if len(self.rows) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Values that could have come in the place of the right ones: another column's, an earlier row's."""

    kind: str
    words: str
    values: Floats


def from_elsewhere(
    b: Floats, places: Sequence[Elsewhere], kinds: tuple[str, ...], *, time: bool = False
) -> Iterator[Cause | None]:
    """The best place of each kind whose values agree with the served ones far more often than those of unrelated rows do."""
    near = tolerance(time=time)
    for kind in kinds:
        best: Cause | None = None
        for place in (p for p in places if p.kind == kind):
            rows = ~whole_differs(place.values, b, **near, single=True)
            cause = Cause(kind=kind, words=place.words, rows=rows)
            unrelated = np.roll(place.values, len(b) // 2 + 1)
            chance = float((~whole_differs(unrelated, b, **near, single=True)).mean())
            telling = cause.share - chance >= 0.5 * (1 - chance)
            if telling and rows.sum() >= 3 and (best is None or cause.share > best.share):
                best = cause
        yield best


def peel(n: int, causes: Callable[[NDArray[np.int64]], Sequence[Cause]]) -> list[Cause]:
    """The causes of n differing rows, the largest first, each with the rows that those before it left."""
    left = np.arange(n)
    found: list[Cause] = []
    while len(left) and len(found) < ROUNDS:
        held = [c for c in causes(left) if c.share >= FEWEST]
        if not held:
            break
        top = max(c.share for c in held)
        best = next(c for c in held if c.share >= top - TIE)
        rows = np.zeros(n, np.bool_)
        rows[left[best.rows]] = True
        found.append(replace(best, rows=rows))
        left = left[~best.rows]
    return found


def confined(part: Flags, columns: Mapping[str, Levels], *, chance: float = 1e-6) -> str | None:
    """The smallest level that holds all (99 %) differing rows, as ``region = south``, where chance would hardly bring that about.

    `columns` gives the level of every row as its index (-1 for none) and the levels' names. With k differing rows and a level that
    covers the share p of all rows, chance has probability p**k; it must stay below `chance` over the number of levels.
    """
    k, n = int(part.sum()), len(part)
    tried = sum(len(names) for _, names in columns.values())
    best, size = None, 0.6
    for column, (code, names) in columns.items():
        whole = np.bincount(code[code >= 0], minlength=len(names))
        inside = np.bincount(code[part & (code >= 0)], minlength=len(names))
        at = int(inside.argmax())
        p = float(whole[at] / n)
        if 0 < p < size and inside[at] >= 0.99 * k and k * np.log(p) < np.log(chance / tried):
            best, size = f"{column} = {names[at]}", p
    return best
