"""Round 1: one pass over the partitions of every role, for all checks at once."""

import atexit
import ctypes
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from ..core.data import CANDIDATE, Grid, Role
from ..core.errors import ModelError
from ..core.records import Kind
from ..io.tables import Part, frames, partitions
from .encode import batch_of
from .profile import smallest_rows
from .scoring import Scoring
from .serving import conformed
from .trial import Trial
from .workers import Mapper

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """What to summarise per role, which roles need scores, and at most how many rows of each (by key hash; None: all)."""

    trial: Trial
    grid: Grid
    kinds: Mapping[Role, tuple[Kind, ...]]
    scored: frozenset[Role]
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """Summaries by role and kind; roles whose rows the model would not score, with its reason."""

    summaries: Mapping[tuple[Role, Kind], Any]
    failures: Mapping[Role, str] = field(default_factory=dict)


def scan(plan: ScanPlan, mapper: Mapper, *, progress: Progress) -> Scanned:
    """Summaries of every role; the same bytes whatever the mapper.

    A role whose rows a model refuses is summarised without scores, and the refusal is kept.
    """
    jobs: list[tuple[Role, Part | None]] = [
        (role, part) for role in plan.kinds for part in (_parts(plan, role) if plan.rows is None else (None,))
    ]
    found, failures = _gather(plan, jobs, mapper, progress)
    if failures:
        again = [(role, part) for role, part in jobs if role in failures]
        without = replace(plan, scored=plan.scored - failures.keys())
        redone, _ = _gather(without, again, mapper, progress)
        found |= redone
    return Scanned(found, failures)


def _gather(
    plan: ScanPlan, jobs: Sequence[tuple[Role, Part | None]], mapper: Mapper, progress: Progress
) -> tuple[dict[tuple[Role, Kind], Any], dict[Role, str]]:
    held: dict[tuple[Role, Kind], Any] = {}
    failures: dict[Role, str] = {}
    for done, ((role, _), outcome) in enumerate(zip(jobs, mapper(partial(scan_part, plan), jobs), strict=True), 1):
        if isinstance(outcome, str):
            failures.setdefault(role, outcome)
        else:
            for k, kind in enumerate(plan.kinds[role]):
                held[role, kind] = held[role, kind] + outcome[k] if (role, kind) in held else outcome[k]
                outcome[k] = None  # else it would lie beside the next part's
        progress(f"scanned {role.value}", done / len(jobs))
    return {key: s for key, s in held.items() if key[0] not in failures}, failures


def _give_back() -> None:
    """Return freed memory to the system: kept for later, it lies in pieces into which the next rows do not fit."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:  # glibc has it, musl does not
        trim(0)


def scan_part(plan: ScanPlan, job: tuple[Role, Part | None]) -> list[Any] | str:
    """Summaries of one partition in the order of the plan's kinds, or why the model would not score it."""
    role, part = job
    kinds = plan.kinds[role]
    held: list[Any] = []
    only = (CANDIDATE,) if role is Role.SERVING else None
    for frame in _frames(plan, role, part):
        try:
            scores = _scoring(plan.trial).scores(frame, only) if role in plan.scored else {}
        except ModelError as error:
            return str(error)
        batch = batch_of(frame, plan.trial, plan.grid, scores, role)
        if held:
            for k, kind in enumerate(kinds):  # one kind at a time, so that only one stands there twice
                held[k] = held[k] + kind.of(batch, plan.grid)
        else:
            held = [kind.of(batch, plan.grid) for kind in kinds]
        del frame, batch
        _give_back()
    return held


def _parts(plan: ScanPlan, role: Role) -> tuple[Part, ...]:
    return partitions(plan.trial.project.data[role])


def _frames(plan: ScanPlan, role: Role, part: Part | None) -> Iterator[pd.DataFrame]:
    """Rows of a partition; of the whole role, bounded, where the plan bounds them."""
    columns = plan.trial.columns_of[role]
    held = frames(part, columns) if part is not None else iter([smallest_rows(plan.trial, role, plan.rows or 0)])
    yield from (conformed(f, plan.trial) for f in held) if role is Role.SERVING else held


_SCORING: dict[str, Scoring] = {}


def _scoring(trial: Trial) -> Scoring:
    """Models of this process for a trial ; joblib's workers each open their own, once."""
    key = repr((trial.project.folder, trial.project.candidate, trial.project.prior, trial.task, trial.features))
    if key not in _SCORING:
        close_models()
        _SCORING[key] = Scoring(trial)
    return _SCORING[key]


def use_models(trial: Trial, scoring: Scoring) -> None:
    """Let this process scan with models that are already open."""
    key = repr((trial.project.folder, trial.project.candidate, trial.project.prior, trial.task, trial.features))
    _SCORING[key] = scoring


def close_models() -> None:
    """End the models that scans of this process opened."""
    for held in _SCORING.values():
        held.close()
    _SCORING.clear()


atexit.register(close_models)
