"""Named scenarios: joint changes of features, or another mix of the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Filter = Callable[[pd.DataFrame], NDArray[np.bool_]]
Action = Literal["multiply", "add", "set", "clip", "quantile_map"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one feature, in all rows or in those that `where` holds.

    `value` is a number for multiply and add, any value for set, (low, high) for clip (None: open), and for quantile_map
    ((level, value), ...): the feature keeps its ranks and gets the distribution with these quantiles.
    """

    feature: str
    action: Action
    value: Any
    where: Filter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the mix of rows is tilted to: the share of the rows that `where` holds, or the mean of a feature.

    `relative`: `value` is a factor of the share, or is added to the mean.
    """

    text: str
    value: float
    relative: bool
    feature: str | None = None
    where: Filter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Either changes, made one after the other, or targets, reached together. `columns` are those that its filters ask for."""

    title: str
    changes: tuple[Change, ...] = ()
    targets: tuple[Target, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Features that are changed or whose mean is a target."""
        named = [c.feature for c in self.changes] + [t.feature for t in self.targets if t.feature is not None]
        return tuple(dict.fromkeys(named))
