"""What MLflow saved, out of a tar of its folder: read by its library's flavour; nothing of MLflow runs but for models in Python."""

import io
import sys
import tarfile

from .columns import TOLD
from .sources import SourceFinder

FLAVOURS = ("onnx", "catboost", "xgboost", "lightgbm", "sklearn")
SUFFIX_OF = {
    ".cb": ".cbm", ".lgb": ".txt", ".xgb": ".ubj", ".pickle": ".pkl", ".joblib": ".pkl", ".cloudpickle": ".pkl",
    **{s: s for s in (".onnx", ".cbm", ".txt", ".ubj", ".json", ".skops", ".pkl")},
}  # fmt: skip
PYTHON_MODEL = "mlflow.pyfunc.model"


class RunsCode(Exception):
    """The folder runs code, and this process is not to."""


def read(file):
    """Every file of the folder by name; the flavour that can be read here, its section of `MLmodel`, and all of `MLmodel`."""
    import yaml

    with tarfile.open(fileobj=file) as tar:
        files = {m.name: held.read() for m in tar if (held := tar.extractfile(m)) is not None}
    about = yaml.safe_load(files["MLmodel"])
    flavours = about.get("flavors") if isinstance(about, dict) else {}
    if not (flavours and isinstance(flavours, dict)):
        raise ValueError("its file MLmodel lists no flavors")
    for name in FLAVOURS:
        if isinstance(flavours.get(name), dict):
            return files, name, flavours[name], about
    section = flavours.get("python_function")
    if isinstance(section, dict) and section.get("loader_module") == PYTHON_MODEL:
        return files, "python_function", section, about
    raise ValueError(
        f"it has the flavors {', '.join(map(str, flavours))}; those that are read are {', '.join(FLAVOURS)} and models in Python"
    )


def load(file, header, by_suffix):
    """The model, and its types where it is a skops file; `by_suffix` loads one file of a plain format."""
    files, name, section, about = read(file)
    code = code_of(files, section.get("code"))
    data = section.get("python_model") or section.get("pickled_model") or section.get("data") or ""
    suffix = SUFFIX_OF.get(data[data.rfind(".") :], "") if name != "python_function" else ".pkl"
    if data not in files or not suffix:
        raise ValueError(f"its flavor {name} names the file {data!r}, which is not there or in no format that is read")
    if (code or suffix == ".pkl") and not header["run_code"]:
        raise RunsCode(f"an MLflow folder of flavor {name} with {'modules of its own' if code else data}")
    if code:
        sys.meta_path.append(SourceFinder(code))
    if name == "python_function" and section.get("artifacts"):
        raise ValueError(
            "its model in Python reads artifacts from a folder, which is not there; log it in its library's flavor"
        )
    inner = {**header, "suffix": suffix, "code": {**header["code"], **code}}
    model, types = by_suffix(io.BytesIO(files[data]), inner)
    if name == "python_function":
        model = PythonModel(model)
    names = input_names(about)
    if names and getattr(model, "feature_names_in_", None) is None:
        take = getattr(model, "take_names", None)
        take(names) if take else setattr(model, TOLD, names)
    return model, types


def code_of(files, folder):
    """Modules of the folder that the flavour names under `code`, by dotted name, as text."""
    if not folder:
        return {}
    start = f"{folder}/"
    found = {}
    for name, content in files.items():
        if name.startswith(start) and name.endswith(".py"):
            parts = name[len(start) : -3].split("/")
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = content.decode("utf-8")
            for k in range(1, len(parts)):  # folders without __init__ are packages too
                found.setdefault(".".join(parts[:k]), "")
    return found


def input_names(about):
    """Names of the columns in the signature; None where it has none."""
    import json

    try:
        held = [c["name"] for c in json.loads(about["signature"]["inputs"])]
    except (KeyError, TypeError, ValueError):
        return None
    return held if all(isinstance(n, str) for n in held) else None


class PythonModel:
    """A model in Python of MLflow's `python_function`, with scikit-learn's two calls."""

    def __init__(self, model):
        self.model = model

    def predict(self, X):
        """What the model gives."""
        return self.model.predict(None, X)

    def predict_proba(self, X):
        """Probabilities: a column per class, named or numbered from 0; or one number a row, that of class 1."""
        import numpy as np

        found = self.predict(X)
        self.classes_ = list(found.columns) if hasattr(found, "columns") else None
        p = np.asarray(found)
        if p.dtype.kind != "f":
            raise TypeError("the model predicts labels; a classifier must give probabilities")
        if p.ndim == 1 or p.shape[1] == 1:
            p, self.classes_ = np.column_stack([1 - p.ravel(), p.ravel()]), None
        return p
