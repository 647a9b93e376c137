"""Checks and what they give: needs, what is given, measurements, results."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np
import pandas as pd

from .attributions import Attributions
from .data import Batch, Grid, Role, Task
from .models import Model
from .scenarios import Scenario


class Status(StrEnum):
    """How the run of a check went."""

    MEASURED = "MEASURED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ERROR = "ERROR"


class Family(StrEnum):
    """The twelve families of checks."""

    PERFORMANCE = "performance"
    PREDICTION_DRIFT = "prediction_drift"
    FEATURE_DRIFT = "feature_drift"
    IMPORTANCE = "importance"
    NOISE = "noise"
    STRESS = "stress"
    BIAS = "bias"
    QUALITY = "quality"
    LEAKAGE = "leakage"
    FIT = "fit"
    BACKTEST = "backtest"
    PIPELINE = "pipeline"


class Summary(Protocol):
    """Rows boiled down. `+` is exact, associative and commutative; that of no rows is its identity."""

    def __add__(self, other: Any, /) -> Any:
        """The summary of both sets of rows."""
        ...


class Kind(Protocol):
    """A way to summarise: hashable, with a name and a schema version. Portable ones may leave in a snapshot: never raw rows."""

    @property
    def name(self) -> str:
        """Name and parameters, e.g. ``outcomes/period``."""
        ...

    @property
    def portable(self) -> bool:
        """May it leave in a snapshot?"""
        ...

    def of(self, batch: Batch, grid: Grid, /) -> Any:
        """The summary of one batch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """All that a check may touch. The first missing role, model or column makes it NOT_APPLICABLE, with the reason.

    `roles` must be there; of `one_of` at least one; `optional` may be. `summaries` are made for all of them.
    `models` lists "candidate", "prior": scores of it must exist; `calls` asks for the live models as well.
    `attributions` must be there for the check to run; with `importance` they are given where the model can be asked.
    Of `declared` every column role or section must be filled, of `one_declared` at least one.
    `tasks` names the task types that the check knows; empty: all. `golden` asks for the golden rows,
    `endpoint` for what answers at the candidate's address, as one of the live models.
    """

    roles: tuple[Role, ...]
    one_of: tuple[Role, ...] = ()
    optional: tuple[Role, ...] = ()
    summaries: tuple[Kind, ...] = ()
    models: tuple[str, ...] = ()
    calls: bool = False
    outcomes: bool = False
    time: bool = False
    attributions: bool = False
    importance: bool = False
    tasks: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    one_declared: tuple[str, ...] = ()
    golden: bool = False
    endpoint: bool = False


S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Exactly what one check said it needs, and nothing else.

    `declared` names the column roles of the project that are filled; `looks` the candidates that were measured on this test data.
    `schemas` tells per role which columns its file has, and of what kind each is. `rows` bounds the rows of a role that were
    read (those with the smallest key hashes); None: all of them. `golden` are the golden rows with their expected scores.
    `reads` are the features that the candidate's file lists as its own; empty where it lists none, or is not there.
    `asked` names the metrics that somebody reads, where it is not all of them: the self-test reads one.
    """

    task: Task
    grid: Grid
    options: Any
    rng: np.random.Generator
    summaries: Mapping[tuple[Role, Kind], Any]
    models: Mapping[str, Model] = field(default_factory=dict)
    attributions: Attributions | None = None
    constraints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    scored: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()
    looks: tuple[str, ...] = ()
    schemas: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    rows: int | None = None
    golden: pd.DataFrame | None = None
    reads: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()

    def asks(self, *metrics: str) -> bool:
        """Whether anybody reads one of these metrics; if not, a check need not work for them."""
        return not self.asked or not self.asked.isdisjoint(metrics)

    def summary(self, role: Role, kind: Kind) -> Any:
        """The summary of a role; raises KeyError when the check did not declare it."""
        return self.summaries[role, kind]

    def has(self, role: Role, kind: Kind) -> bool:
        """Whether an optional role is there."""
        return (role, kind) in self.summaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number about one subject; `value` is None where undefined, and `note` says why.

    `low` and `high` are confidence limits at `level`, simultaneous over the measurement's family, binning error included.
    `size` is what a policy's `min_n` is held against (rows, or rows of the rarer class); None stands for `n`.
    `minor` marks a subject that can at most bring about WARN (features that hardly matter, by an option of the check).
    """

    metric: str
    subject: str
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    n_eff: float | None = None
    size: float | None = None
    note: str = ""
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """How a check is tested on the data of the trial: what is planted, in what, and which metric must alarm.

    `fault` and `null` are names in `summaries.planting`; the fault goes into the rows of `into`, once and twice as large as the
    policy's tolerance on `metric` (of the rule with this `worse`); None: into what is asked of the golden rows. `rows` bounds the rows
    of each role that are used; `options` replace those of the check, where the whole would cost too much to repeat.
    """

    metric: str
    fault: str
    null: str
    into: Role | None = Role.TEST
    worse: Literal["above", "below"] = "above"
    replicates: int = 20
    rows: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named question, and the function that measures the answer.

    `plants` say how a run tests the check itself, `unplanted` in a sentence why none does. `doc` has three parts, under the
    headings "How it is measured", "Why it matters" and "What to do"; page, report and `seatrial explain` print it.
    Numbers of one that is `timed` differ between equal runs, so somebody must ask for it.
    """

    code: str
    family: Family
    title: str
    metrics: tuple[str, ...]
    needs: Needs
    measure: Callable[[Given], Iterable[Measurement]]
    doc: str
    options: Any = None
    slow: bool = False
    timed: bool = False
    plants: tuple[Plant, ...] = ()
    unplanted: str = ""

    @property
    def defaults(self) -> dict[str, Any]:
        """The options with their defaults."""
        if self.options is None:
            return {}
        return {name: getattr(self.options, name) for name in cast("Any", self.options).__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of running one check. `reason`: why there is no measurement, or why those that are there cannot clear anything."""

    code: str
    status: Status
    measurements: tuple[Measurement, ...] = ()
    reason: str = ""
    seconds: float = 0.0
