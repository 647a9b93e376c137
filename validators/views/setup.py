"""What the page of the project's set-up says: its files, its columns, how a job ended."""

from typing import Any

from . import fmt
from .chart import Row

SUITES = (
    "quick: at most 20,000 rows of each role, no slice search, no attributions; under a minute. release: everything, "
    "which a model needs before it ships."
)


def file_rows(trial: Any) -> list[Row]:
    """Models and data with their sizes; a role that is missing is said to be."""
    project = trial.project
    rows: list[Row] = []
    for name, path in (("candidate", project.candidate), ("prior", project.prior)):
        rows.append({"What": f"{name} model", "File": "none" if path is None else path.name, "Size": _size(path)})
    for role in ("train", "test", "reference", "production", "serving"):
        path = next((p for r, p in project.data.items() if r.value == role), None)
        rows.append({"What": f"{role} data", "File": "none" if path is None else path.name, "Size": _size(path)})
    return rows


def _size(path: Any) -> str:
    if path is None:
        return ""
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return fmt.size(sum(p.stat().st_size for p in files))


def column_rows(trial: Any) -> list[Row]:
    """Every column with its part in the trial."""
    c = trial.project.columns
    special = [
        ("target", trial.task.target),
        ("key", c.key),
        ("entity", c.entity),
        ("time", c.time),
        ("weight", c.weight),
    ]
    rows: list[Row] = [{"Column": name, "Part": part} for part, name in special if name is not None]
    rows += [{"Column": name, "Part": "prediction"} for name in c.prediction]
    sensitive = set(c.sensitive)
    rows += [{"Column": f, "Part": "feature, sensitive" if f in sensitive else "feature"} for f in trial.features]
    return rows + [{"Column": s, "Part": "sensitive"} for s in c.sensitive if s not in trial.features]


def ended(job: Any) -> str:
    """Why a job has no results."""
    words = {
        "cancelled": "Cancelled. Nothing was written; the project is as it was.",
        "lost": "The job is gone without a word: the machine was restarted or ran out of memory. Start it again.",
    }
    last = job.message.splitlines()[-1] if job.message else "no message"
    return words.get(job.state.value, f"The run ended with code {job.code}: {last}")
