"""What the page of the project's set-up says: its files, its columns, how a job ended."""

import re
from typing import Any, Final

from ..engine.places import UPLOADS
from . import fmt
from .chart import Row

TIERS: Final = {1: "1 high risk", 2: "2 medium risk", 3: "3 low risk"}
SUFFIXES: Final = [suffix.lstrip(".") for suffix in UPLOADS]
UPLOAD: Final = (
    "Data whose file names tell their role (test.csv; train, reference, production, serving if you have them) and models "
    "(candidate.joblib, prior.joblib), up to 200 MB"
)
TIER: Final = (
    "How much hangs on the model: the limits of the house policy. It stands under [policy] in the project file."
)
READ_ONLY: Final = (
    "Only to read here: a sample stays as it is, and a folder that is not an upload is changed where it lies."
)
SUITES = (
    "quick: at most 20,000 rows of each role, no slice search, no attributions; under a minute. release: everything, "
    "which a model needs before it ships."
)


def file_rows(trial: Any) -> list[Row]:
    """Models and data with their sizes; a role that is missing is said to be."""
    project = trial.project
    rows: list[Row] = []
    for name, path in (("candidate", project.candidate), ("prior", project.prior)):
        rows.append({"What": f"{name} model", "File": _name(project, name, path), "Size": _size(path)})
    for role in ("train", "test", "reference", "production", "serving"):
        path = next((p for r, p in project.data.items() if r.value == role), None)
        rows.append({"What": f"{role} data", "File": "none" if path is None else path.name, "Size": _size(path)})
    return rows


def _name(project: Any, name: str, path: Any) -> str:
    return project.addresses.get(name) or ("none" if path is None else path.name)


def _size(path: Any) -> str:
    if path is None or not path.exists():
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
    last = job.message.splitlines()[-1].removeprefix("seatrial: ") if job.message else "no message"
    return words.get(job.state.value, f"The run stopped with exit code {job.code}: {last}")


def job_line(job: Any) -> str:
    """``Running: DRF101 ... · 42% · 12 s``; ``Done in 36 s``."""
    if job.state.value == "done":
        return f"Done in {fmt.duration(job.seconds)}"
    what = f"{job.state.value.capitalize()}: {job.what}"
    return f"{what} · {fmt.share(job.share, 0)} · {fmt.duration(job.seconds)}"


def with_tier(toml: str, tier: int) -> str:
    """The text of a project file with another policy tier, everything else as it was."""
    line = f"tier = {tier}"
    found = re.compile(r"^(\[policy\][^\[]*?^)tier\s*=\s*\d+", re.MULTILINE | re.DOTALL)
    if found.search(toml):
        return found.sub(lambda m: m[1] + line, toml, count=1)
    if re.search(r"^\[policy\]", toml, re.MULTILINE):
        return re.sub(r"^\[policy\][^\n]*", lambda m: f"{m[0]}\n{line}", toml, count=1, flags=re.MULTILINE)
    return f"{toml.rstrip()}\n\n[policy]\n{line}\n"


def tier_of(toml: str) -> int:
    """The policy tier that a project file names; 2 where it names none."""
    found = re.search(r"^\[policy\][^\[]*?^tier\s*=\s*([123])\b", toml, re.MULTILINE | re.DOTALL)
    return int(found[1]) if found else 2
