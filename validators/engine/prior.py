"""A prior snapshot's summaries in the place of rows: what it was tested on is this trial's reference."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from ..core.data import CANDIDATE, PRIOR, Grid, Role, Task
from ..core.errors import RunError
from ..core.records import Kind
from ..summaries.feature_counts import FeatureCounts, FeatureCountsKind
from ..summaries.outcomes import Outcomes, OutcomesKind
from .documents import grid_from, summaries_from
from .score_bins import same_length


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorSummaries:
    """Grid of the prior snapshot, and its test summaries under the role of reference and the name of prior."""

    grid: Grid
    summaries: Mapping[tuple[Role, Kind], Any]

    @classmethod
    def of(cls, grid_json: bytes, summaries_json: bytes, results_json: bytes, task: Task) -> Self:
        """Out of three members of a verified snapshot of the same task; raises RunError when they are not what they should be."""
        try:
            grid = grid_from(json.loads(grid_json))
            held = summaries_from(json.loads(summaries_json))
            tested = json.loads(results_json)["project"]["task"]
            theirs = (tested["type"], list(tested["classes"]), tested["positive"])
        except (LookupError, TypeError, ValueError, RecursionError, RunError) as error:
            raise RunError(f"prior snapshot: its summaries cannot be read ({error})") from error
        mine = (task.type, list(task.classes), task.positive)
        if theirs != mine:
            told = "its task is {0} with classes {1} (positive: {2}), that of this project {3} with {4} (positive: {5})"
            raise RunError(
                f"prior snapshot: {told.format(*theirs, *mine)}; name the classes in [task] in the same order, or leave the snapshot out"
            )
        found: dict[tuple[Role, Kind], Any] = {}
        for kind in (FeatureCountsKind("all"), OutcomesKind("all")):
            if (Role.TEST, kind) not in held:
                raise RunError(f"prior snapshot: has no {kind.name} of its test role; it cannot stand in for the prior")
            found[Role.REFERENCE, kind] = held[Role.TEST, kind]
        outcomes: Outcomes = found[Role.REFERENCE, OutcomesKind("all")]
        found[Role.REFERENCE, OutcomesKind("all")] = replace(
            outcomes, sums={PRIOR: outcomes.sums[CANDIDATE]}, scores={PRIOR: outcomes.scores[CANDIDATE]}
        )
        return cls(grid=grid, summaries=found)

    def grid_for(self, own: Grid) -> Grid:
        """The grid of this trial with the feature bins of the snapshot, and its score cuts beside the trial's own.

        What compares with the snapshot adds up the bins between its cuts (`Grid.before`); all else keeps the trial's.
        """
        shared = {
            name: self.grid.features[name] if type(self.grid.features.get(name)) is type(bins) else bins
            for name, bins in own.features.items()
        }
        if len(self.grid.score_cuts) != len(own.score_cuts) or self.grid.regression != own.regression:
            raise RunError("prior snapshot: its task has another kind of score; compare like with like")
        return replace(
            own,
            features=shared,
            score_cuts=same_length(
                [np.union1d(*cuts) for cuts in zip(own.score_cuts, self.grid.score_cuts, strict=True)]
            ),
            before=self.grid.score_cuts,
            scale=self.grid.scale,
            target_mean=self.grid.target_mean,
            base=None,
        )

    def matching(self, grid: Grid) -> dict[tuple[Role, Kind], Any]:
        """The summaries, features that this trial does not have left out."""
        kind = FeatureCountsKind("all")
        counts: FeatureCounts = self.summaries[Role.REFERENCE, kind]
        kept = {
            name: held
            for name, held in counts.counts.items()
            if name in grid.features and held.shape[-1] == grid.features[name].n_bins
        }
        return dict(self.summaries) | {(Role.REFERENCE, kind): FeatureCounts(kept)}
