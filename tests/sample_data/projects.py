"""Where the sample projects are, and how their rows and models are opened."""

from pathlib import Path

from validators.io.tables import read_frame
from validators.models.client import open_model

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_data"
NAMES = ("hotel", "credit", "lending")


def role_rows(project, role):
    """The rows of a role."""
    return read_frame(project.data[role])


def opened(project, which):
    """The candidate or the prior, in its worker process."""
    return open_model(
        getattr(project, which),
        task=project.task.type,
        positive=project.task.positive,
        code=project.code,
        features=project.columns.features,
    )
