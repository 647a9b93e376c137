"""Formats: per suffix, how a model comes out of an open file. A new format is a function here and a line in `LOADERS`."""

import io

from .native import NativeCatBoost, NativeLightGBM, NativeXGBoost
from .onnx_model import NativeOnnx


def untrusted_types(names):
    """Types of a skops file that our allow-list does not hold: libraries that models are made of are on it."""
    allowed = (
        "sklearn.",
        "numpy.",
        "scipy.",
        "xgboost.",
        "lightgbm.",
        "collections.OrderedDict",
        "collections.defaultdict",
    )
    return sorted(n for n in names if not n.startswith(allowed))


def load_skops(file):
    """A skops file, if all its types are on the allow-list."""
    import skops.io

    data = file.read()
    names = skops.io.get_untrusted_types(data=data)
    refused = untrusted_types(names)
    if refused:
        raise ValueError(f"types that are not on the allow-list: {', '.join(refused[:5])}")
    return skops.io.loads(data, trusted=names)


def load_joblib(file):
    """A joblib or pickle file."""
    import joblib

    return joblib.load(io.BytesIO(file.read()))


LOADERS = {
    ".joblib": load_joblib,
    ".pkl": load_joblib,
    ".pickle": load_joblib,
    ".skops": load_skops,
    ".json": lambda f: NativeXGBoost(f.read(), ".json"),
    ".ubj": lambda f: NativeXGBoost(f.read(), ".ubj"),
    ".txt": lambda f: NativeLightGBM(f.read(), ".txt"),
    ".cbm": lambda f: NativeCatBoost(f.read(), ".cbm"),
    ".onnx": lambda f: NativeOnnx(f.read()),
}
