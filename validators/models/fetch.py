"""Models that lie at an address of MLflow: fetched by a process of its own into a folder that can only be read.

Nothing else of the product uses the network for a model, and this does only where the project file names such an address.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..confined.protocol import clean
from ..core.errors import ModelError
from .staged import Scratch, only_read

FETCH_S = 900.0
SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow.artifacts
mlflow.artifacts.download_artifacts(artifact_uri=sys.argv[1], dst_path=sys.argv[2])
"""


@contextlib.contextmanager
def all_fetched(addresses: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Files or folders by the same names; see `fetched`."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(fetched(address)) for name, address in addresses.items()}


@contextlib.contextmanager
def fetched(address: str, *, seconds: float = FETCH_S) -> Iterator[Path]:
    """A folder with what lies at the address, for as long as the context lasts.

    MLflow runs in the process that fetches only, with this environment: MLFLOW_TRACKING_URI and what its stores need.

    Raises
    ------
    ModelError
        When MLflow is not installed, has no such model, or does not answer in time.
    """
    with Scratch() as held:
        target = held.path / "model"
        target.mkdir()
        try:
            done = subprocess.run(  # noqa: S603 - our own text, our own interpreter
                [sys.executable, "-I", "-c", PROGRAM, address, str(target)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds, check=False,
                env={"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet", **os.environ, **SILENT},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ModelError(f"{address}: could not be fetched within {seconds:g} s") from None
        if done.returncode:
            raise ModelError(f"{address}: could not be fetched: {_reason(done.stderr)}")
        only_read(target)
        yield _model_in(target, address)


def _model_in(target: Path, address: str) -> Path:
    """The folder with the model's description; a single file that was fetched is the model itself."""
    found = sorted(target.rglob("MLmodel"), key=lambda p: len(p.parts))
    if found:
        return found[0].parent
    files = [p for p in target.rglob("*") if p.is_file()]
    if len(files) == 1:
        return files[0]
    raise ModelError(
        f"{address}: what was fetched holds no file MLmodel and {len(files)} others; name the model's own path"
    )


def _reason(words: str) -> str:
    if "No module named 'mlflow'" in words:
        return "MLflow is not installed; install seatrial[mlflow], or download the model and name its folder"
    lines = [line for line in words.splitlines() if line.strip()]
    return clean(lines[-1]) if lines else "the process that fetches it said nothing"
