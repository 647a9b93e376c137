"""What MLflow saved, in a read-only folder: by its library's flavour, where nothing of MLflow runs, else as a model in Python."""

import importlib
import os
import sys

from .columns import TOLD

FLAVOURS = ("onnx", "catboost", "xgboost", "lightgbm", "sklearn")
PYTHON = "python_function"
MOST_ABOUT = 8 << 20
SUFFIX_OF = {
    ".cb": ".cbm", ".lgb": ".txt", ".xgb": ".ubj", ".pickle": ".pkl", ".joblib": ".pkl", ".cloudpickle": ".pkl",
    **{s: s for s in (".onnx", ".cbm", ".txt", ".ubj", ".json", ".skops", ".pkl")},
}  # fmt: skip


class RunsCode(Exception):
    """The folder runs code, and this process is not to."""


def load(file, header, by_suffix):
    """The model, and its types where it is a skops file; `by_suffix` loads one file of a plain format."""
    import yaml

    about = yaml.safe_load(file.read(MOST_ABOUT))
    name, section = flavour(about)
    code = text(section, "code")
    if name == PYTHON:
        what, data, suffix = f"flavor {name}, a model in Python", "", ""
    else:
        data = text(section, "pickled_model") or text(section, "data")
        suffix = SUFFIX_OF.get(data[data.rfind(".") :], "")
        what = f"flavor {name} with {'modules of its own' if code else data}"
    if (name == PYTHON or code or suffix == ".pkl") and not header["run_code"]:
        raise RunsCode(f"an MLflow folder of {what}")
    if code:
        sys.path.insert(0, os.path.join(header["folder"], code))
    if name == PYTHON:
        model, types = PythonModel(header["folder"], section), []
    else:
        path = inside(header["folder"], data)
        if not suffix or path is None:
            raise ValueError(
                f"its flavor {name} names the file {data!r}, which is not there or in no format that is read"
            )
        own = modules_of(os.path.join(header["folder"], code)) if code else {}
        with open(path, "rb") as held:
            model, types = by_suffix(held, {**header, "suffix": suffix, "code": {**header["code"], **own}})
    names = input_names(about)
    if names and getattr(model, "feature_names_in_", None) is None:
        take = getattr(model, "take_names", None)
        take(names) if take else setattr(model, TOLD, names)
    return model, types


def flavour(about):
    """The flavour that is read here, the one that runs the least, and its section."""
    flavours = about.get("flavors") if isinstance(about, dict) else None
    if not (flavours and isinstance(flavours, dict)):
        raise ValueError("its file MLmodel lists no flavors")
    for name in (*FLAVOURS, PYTHON):
        if isinstance(flavours.get(name), dict):
            return name, flavours[name]
    raise ValueError(
        f"it has the flavors {', '.join(map(str, flavours))}; those that are read are {', '.join(FLAVOURS)} and {PYTHON}"
    )


def text(section, key):
    """A value that is text, or empty; anything else is refused, not shown: aliases of YAML make little become much."""
    held = section.get(key) or ""
    if not isinstance(held, str):
        raise TypeError(f"{key} in its file MLmodel is no text")
    return held


def inside(folder, name):
    """The path of a file of the folder; None where it is none, or lies elsewhere."""
    path = os.path.realpath(os.path.join(folder, name))
    return path if path.startswith(os.path.realpath(folder) + os.sep) and os.path.isfile(path) else None


def modules_of(folder):
    """Names of the modules and packages at the top of a folder, for which a list of types may hold classes of theirs."""
    return {name.partition(".")[0]: "" for name in (os.listdir(folder) if os.path.isdir(folder) else [])}


def input_names(about):
    """Names of the columns in the signature; None where it has none."""
    import json

    try:
        held = [c["name"] for c in json.loads(about["signature"]["inputs"])]
    except (KeyError, TypeError, ValueError):
        return None
    return held if all(isinstance(n, str) for n in held) else None


class PythonModel:
    """A model of MLflow's `python_function`, with its artifacts and settings, and scikit-learn's two calls."""

    def __init__(self, folder, section):
        data, config = text(section, "data"), section.get("config")
        loader = importlib.import_module(text(section, "loader_module"))
        self.model = loader._load_pyfunc(os.path.join(folder, data) if data else folder, *[config] * bool(config))

    def predict(self, X):
        """What the model gives."""
        return self.model.predict(X)

    def predict_proba(self, X):
        """Probabilities: a column per class, named or numbered from 0; or one number a row, that of class 1."""
        import numpy as np

        found = self.predict(X)
        self.classes_ = list(found.columns) if hasattr(found, "columns") else None
        p = np.asarray(found)
        if p.dtype.kind != "f":
            raise TypeError("the model predicts labels; a classifier must give probabilities")
        if p.size and (np.nanmin(p) < 0 or np.nanmax(p) > 1):
            raise ValueError("the model gives no probabilities: its values lie beyond 0 and 1")
        if p.ndim == 1 or p.shape[1] == 1:
            p, self.classes_ = np.column_stack([1 - p.ravel(), p.ravel()]), None
        return p
