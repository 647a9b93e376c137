"""What the build scripts of the sample projects share: writing roles, and the measured part of a datasheet."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_absolute_error, r2_score, roc_auc_score, root_mean_squared_error

BEGIN, END = "<!-- measured by build.py -->", "<!-- end of what build.py measured -->"


class Classifier(Protocol):
    """A model with probabilities, one column for each of its classes."""

    classes_: NDArray[Any]

    def predict_proba(self, X: pd.DataFrame, /) -> NDArray[np.float64]:
        """(n, K) probabilities."""
        ...


def target_folder(here: Path, arguments: Sequence[str]) -> Path:
    """The folder to build in: the argument of the script, or the project itself; hand-written files are copied there."""
    out = Path(arguments[0]) if arguments else here
    out.mkdir(parents=True, exist_ok=True)
    if out.resolve() != here.resolve():
        for file in (*here.glob("*.toml"), *here.glob("*.md"), *here.glob("*.py")):
            shutil.copy(file, out / file.name)
        if (here / "scenarios").is_dir():
            shutil.copytree(here / "scenarios", out / "scenarios", dirs_exist_ok=True)
    return out


def write_roles(folder: Path, roles: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """One parquet file a role. The rows come back as they were read from it, with the types that the models will meet."""
    files = {role: folder / f"{role}.parquet" for role in roles}
    for role, rows in roles.items():
        rows.to_parquet(files[role], compression="zstd", compression_level=19, index=False)
    return {role: pd.read_parquet(file) for role, file in files.items()}


def write_measured(folder: Path, text: str) -> None:
    """Put the measured numbers between the two marks of the datasheet."""
    path = folder / "DATASHEET.md"
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", "utf-8")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def binary_scores(model: Classifier, rows: pd.DataFrame, target: pd.Series, positive: object) -> tuple[str, ...]:
    """Area under the curve, log-loss, mean score over observed rate, and slope of calibration, as text."""
    truth = (target == positive).to_numpy(dtype="int64")
    p = model.predict_proba(rows)[:, list(model.classes_).index(positive)]
    slope = LogisticRegression(C=1e6).fit(np.log(p / (1 - p))[:, None], truth).coef_[0, 0]
    return (
        f"{roc_auc_score(truth, p):.3f}",
        f"{log_loss(truth, p):.3f}",
        f"{p.mean() / truth.mean():.2f}",
        f"{slope:.2f}",
    )


def value_scores(prediction: NDArray[np.float64], truth: NDArray[np.float64]) -> tuple[str, str, str]:
    """Determination, root mean squared error and mean absolute error, as text."""
    return (
        f"{r2_score(truth, prediction):.3f}",
        f"{root_mean_squared_error(truth, prediction):.1f}",
        f"{mean_absolute_error(truth, prediction):.1f}",
    )


def import_of(folder: Path, module: str) -> Any:
    """A module of the project's `code`, under the bare name by which the model file refers to it."""
    sys.path.insert(0, str(folder))
    try:
        return __import__(module)
    finally:
        sys.path.remove(str(folder))
