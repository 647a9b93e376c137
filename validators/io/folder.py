"""Which file of a folder is which: the data of each role, the candidate and the prior, by their names."""

from pathlib import Path

from ..core.data import Role
from ..core.errors import ProjectError
from .tables import SUFFIXES

MODEL_SUFFIXES = (".skops", ".joblib", ".pkl", ".pickle", ".ubj", ".json", ".txt", ".cbm", ".onnx")


def data_files(folder: Path, reasons: list[str]) -> dict[Role, str]:
    """The data file of each role, by its name."""
    files = sorted(p.name for p in folder.iterdir() if p.suffix in SUFFIXES)
    if not files:
        raise ProjectError(
            f"{folder}: no data file ({', '.join(SUFFIXES)}); put test.parquet there, and train, reference, production"
        )
    found: dict[Role, str] = {}
    words = {Role.TEST: ("test", "holdout", "valid", "eval"), Role.REFERENCE: ("reference", "baseline")}
    for role in Role:
        for word in words.get(role, (role.value,)):
            hit = next((f for f in files if word in f.lower() and f not in found.values()), None)
            if hit is not None:
                found[role] = hit
                reasons.append(f"{hit} is role {role.value}: its name says {word!r}")
                break
    if Role.TEST not in found:
        left = [f for f in files if f not in found.values()]
        if not left:
            raise ProjectError(
                f"{folder}: no file is the test data; name it test.parquet or write the project file by hand"
            )
        found[Role.TEST] = left[0]
        reasons.append(f"{left[0]} is role test: no name says so, it is the first data file without another role")
    return found


def model_files(folder: Path, reasons: list[str]) -> dict[str, str]:
    """The candidate and the prior, if there are any."""
    files = sorted(p.name for p in folder.iterdir() if _is_model(p))
    prior = next((f for f in files if any(w in f.lower() for w in ("prior", "champion", "incumbent", "old"))), None)
    rest = [f for f in files if f != prior]
    candidate = next((f for f in rest if "candidate" in f.lower()), rest[0] if rest else None)
    found = {}
    if candidate is not None:
        found["candidate"] = candidate
        why = "its name says so" if "candidate" in candidate.lower() else "it is the first model file"
        reasons.append(f"{candidate} is the candidate: {why}")
    if prior is not None:
        found["prior"] = prior
        reasons.append(f"{prior} is the prior: its name says so")
    return found


def _is_model(path: Path) -> bool:
    """Whether a file has the ending of a model, or MLflow wrote a folder."""
    return (path / "MLmodel").is_file() or (path.suffix in MODEL_SUFFIXES and path.name != "package.json")
