"""What earlier trials of a project were tested on: the feature counts of its runs, and of the prior's snapshot."""

import json
from pathlib import Path

from ..core.data import Role
from ..core.errors import SeatrialError
from ..engine.documents import grid_from, summaries_from
from ..engine.places import read_summaries, runs_of
from ..engine.results import read_results, results_from
from ..io.project import read_project
from ..summaries.feature_counts import FeatureCountsKind
from ..views.earlier import Tested
from .verify import read_member

COUNTS = FeatureCountsKind("all")
MOST = 8


def earlier_tests(project: Path, run: Path) -> tuple[list[Tested], Tested | None]:
    """Earlier tests on other rows, the oldest first and at most 8, and that of a run; what cannot be read is no earlier test."""
    own = _of_run(run)
    if own is None:
        return [], None
    held = {own[1]: own[0]}
    for folder in runs_of(project).values():
        found = None if folder.resolve() == run.resolve() else _of_run(folder)
        if found is not None and found[0].started < own[0].started:
            held.setdefault(found[1], found[0])
    snapshot = _of_snapshot(project)
    if snapshot is not None:
        held.setdefault(snapshot[1], snapshot[0])
    before = sorted((t for t in held.values() if t is not own[0]), key=lambda t: t.started)
    return before[-MOST:], own[0]


def _of_run(run: Path) -> tuple[Tested, str] | None:
    try:
        document = read_results(run)
        stored, grid = read_summaries(run, f"test:{COUNTS.name}")
        counts, digest = stored[Role.TEST, COUNTS], document["inputs"]["data"][Role.TEST.value]["sha256"]
    except (SeatrialError, KeyError):
        return None
    return Tested(started=document["run"]["started"], name=run.name[-6:], counts=counts, grid=grid), str(digest)


def _of_snapshot(project: Path) -> tuple[Tested, str] | None:
    try:
        file = read_project(project).prior_snapshot
        if file is None:
            return None
        document = results_from(read_member(file, "results.json"), str(file))
        stored = summaries_from(json.loads(read_member(file, "summaries.json")))
        grid = grid_from(json.loads(read_member(file, "grid.json")))
        counts, digest = stored[Role.TEST, COUNTS], document["inputs"]["data"][Role.TEST.value]["sha256"]
    except (SeatrialError, ValueError, KeyError, TypeError):
        return None
    return Tested(
        started=document["run"]["started"], name=file.name.removesuffix(".seatrial.zip"), counts=counts, grid=grid
    ), str(digest)
