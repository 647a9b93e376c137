"""What a project file declares, once it is read: its columns, and the trial as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..core.data import Role, Task
from ..core.scenarios import Scenario
from .slices import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column is what. `prediction` and `prior_prediction` are column names, one per score column."""

    key: str | None = None
    entity: str | None = None
    time: str | None = None
    weight: str | None = None
    sensitive: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    prediction: tuple[str, ...] = ()
    prior_prediction: tuple[str, ...] = ()
    available_at: Mapping[str, str] = field(default_factory=dict)
    label_time: str | None = None
    label_horizon: str | None = None

    @property
    def declared(self) -> frozenset[str]:
        """Which of these the project file names."""
        return frozenset(f.name for f in fields(self) if getattr(self, f.name))

    @property
    def without_features(self) -> frozenset[str]:
        """Columns that have another role than feature, the target apart."""
        single = (self.key, self.entity, self.time, self.weight, self.label_time)
        return frozenset(
            {c for c in single if c} | {*self.prediction, *self.prior_prediction} | set(self.available_at.values())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A trial: models, data, columns and what is declared about them. Paths are absolute."""

    folder: Path
    id: str
    version: str
    task: Task
    data: Mapping[Role, Path]
    columns: Columns
    candidate: Path | None = None
    prior: Path | None = None
    prior_snapshot: Path | None = None
    code: tuple[Path, ...] = ()
    types: tuple[str, ...] = ()
    slices: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    constraints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    scenario_folder: Path | None = None
    seed: int = 0
    tier: int = 2
    policy_file: Path | None = None
    packs: tuple[str, ...] = ()
    golden: Path | None = None
    endpoint: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)  # candidate or prior: where MLflow has it, once asked

    @property
    def predictions_only(self) -> bool:
        """Whether scores are read from columns and no model can be asked."""
        return self.candidate is None

    @property
    def scenarios_of_changes(self) -> Mapping[str, Scenario]:
        """Scenarios in which features change."""
        return {name: s for name, s in self.scenarios.items() if s.changes}

    @property
    def scenarios_of_mix(self) -> Mapping[str, Scenario]:
        """Scenarios in which the mix of the rows changes."""
        return {name: s for name, s in self.scenarios.items() if s.targets}
