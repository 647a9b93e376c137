"""Formats: per suffix, how a model comes out of an open file. A new format is a function here and a line in `LOADERS`."""

import io

from . import mlflow_folder
from .archives import refuse_odd
from .native import NativeCatBoost, NativeLightGBM, NativeXGBoost
from .onnx_model import NativeOnnx
from .skops_types import refused


def load(file, header):
    """The model in a file, and the types that it holds beyond those that skops trusts itself (skops only)."""
    if header["suffix"] == ".skops":
        return load_skops(file.read(), header["types"], header["code"])
    if header["suffix"] == "mlflow":
        return mlflow_folder.load(file, header, load)
    return LOADERS[header["suffix"]](file), []


def load_skops(data, approved, code):
    """A skops file, if all its types are on the allow-list, approved by the project or of its code."""
    import skops.io

    refuse_odd(data)
    names = skops.io.get_untrusted_types(data=data)
    off = refused(names, approved, code)
    if off:
        more = f" and {len(off) - 5} more" * (len(off) > 5)
        raise ValueError(
            f"types that are not on the allow-list: {', '.join(off[:5])}{more}; if you trust them, name them "
            "under types = [...] in [model]"
        )
    return skops.io.loads(data, trusted=names), sorted(names)


def load_joblib(file):
    """A joblib, pickle or cloudpickle file, compressed or not."""
    import joblib

    return joblib.load(io.BytesIO(file.read()))


LOADERS = {
    ".joblib": load_joblib,
    ".pkl": load_joblib,
    ".pickle": load_joblib,
    ".json": lambda f: NativeXGBoost(f.read(), ".json"),
    ".ubj": lambda f: NativeXGBoost(f.read(), ".ubj"),
    ".txt": lambda f: NativeLightGBM(f.read(), ".txt"),
    ".cbm": lambda f: NativeCatBoost(f.read(), ".cbm"),
    ".onnx": lambda f: NativeOnnx(f.read()),
}
