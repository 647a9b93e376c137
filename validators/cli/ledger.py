"""The ledger of looks: which candidates have been measured on this very test data, along earlier runs and the prior snapshot."""

import json
from typing import Any

from ..core.data import Role
from ..core.errors import SeatrialError
from ..engine.results import read_results
from ..engine.store import file_digest
from ..io.declared import Project
from ..snapshot.verify import read_member

PREDICTIONS = "predictions"


def looks_at(project: Project) -> tuple[str, ...]:
    """Digests of the distinct candidates that were measured on the test data, this one first.

    Running one candidate again is no new look. A run that cannot be read counts for nothing; a prior snapshot hands on the count that
    it recorded itself.
    """
    test = file_digest(project.data[Role.TEST])
    mine = file_digest(project.candidate) if project.candidate is not None else PREDICTIONS
    found = {mine: None}
    runs = project.folder / "runs"
    for run in sorted(runs.iterdir()) if runs.is_dir() else ():
        if (run / "results.json").is_file():
            try:
                _note(found, read_results(run), test)
            except SeatrialError:
                continue
    if project.prior_snapshot is not None:
        try:
            _note(found, json.loads(read_member(project.prior_snapshot, "results.json")), test, chain=True)
        except (SeatrialError, ValueError):
            return tuple(found)
    return tuple(found)


def _note(found: dict[str, None], document: dict[str, Any], test: str, *, chain: bool = False) -> None:
    """Add the candidate of a run on the same test data; of a snapshot also the looks before it, which it only counts."""
    inputs = document["inputs"]
    if inputs["data"].get(Role.TEST.value, {}).get("sha256") != test:
        return
    candidate = inputs["model"].get("candidate")
    digest = PREDICTIONS if candidate is None else str(candidate["sha256"])
    found.setdefault(digest, None)
    if chain:
        counted = [
            m["value"] for r in document["results"] for m in r["measurements"] if m["metric"] == "looks" and m["value"]
        ]
        for k in range(1, int(counted[0]) if counted else 1):
            found.setdefault(f"before {digest[:12]}: {k}", None)
