"""What the worker says of its model, and the scores it gives."""

import sys

from .categories import as_boosted
from .columns import TOLD, as_fitted
from .gaps import with_gaps

MOST_NAMES = 100_000


def plain(value):
    """A label as JSON can hold it."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, bool | int | float | str) else str(value)


def describe(model):
    """What the model says of itself."""
    names = bounded("features", getattr(model, "feature_names_in_", getattr(model, TOLD, None)))
    classes = bounded("classes", getattr(model, "classes_", None))
    libraries = ("sklearn", "xgboost", "lightgbm", "catboost", "onnxruntime", "skops", "numpy", "pandas")
    return {
        "class": type(model).__name__,
        "module": type(model).__module__,
        "predict_proba": hasattr(model, "predict_proba"),
        "classes": None if classes is None else [plain(c) for c in classes],
        "features": None if names is None else [str(n) for n in names],
        "libraries": {n: sys.modules[n].__version__ for n in libraries if hasattr(sys.modules.get(n), "__version__")},
    }


def bounded(what, held):
    """The names, if they are so few that somebody can have meant them."""
    if held is not None and len(held) > MOST_NAMES:
        raise ValueError(f"the model names {len(held):,} {what}; at most {MOST_NAMES:,} are read")
    return held


def same_label(a, b):
    """Whether two labels mean the same class: 1, 1.0 and True are one; text is compared as text."""
    return a == b or str(a) == str(b)


def ready():
    """Import what every answer needs, so that the first one is not late for it."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    return np, pd, pa


def frame_of(header, payload):
    """A pandas frame with the parent's types: out of float64, column by column, or out of Arrow."""
    if header.get("columns"):
        import numpy as np
        import pandas as pd

        block = np.frombuffer(payload, dtype=np.float64).reshape(len(header["columns"]), -1)
        return pd.DataFrame(block.T, columns=header["columns"], copy=False)
    import pyarrow as pa

    with pa.ipc.open_stream(payload) as reader:
        return reader.read_pandas()


def real(scores):
    """Scores as float64; complex numbers would lose a part of them without a word."""
    import numpy as np

    if np.iscomplexobj(scores):
        raise TypeError("the scores are complex numbers")
    return np.asarray(scores, dtype=np.float64)


def predict(model, header, X):
    """Scores as float64: (n,) or (n, K) in the order of the classes asked for."""
    X = as_boosted(model, with_gaps(model, as_fitted(model, X)))
    if header["task"] == "regression":
        return real(model.predict(X)).reshape(-1)
    if not hasattr(model, "predict_proba"):
        raise TypeError("the model has no predict_proba; a classifier must give probabilities")
    p = real(model.predict_proba(X))
    told = getattr(model, "classes_", None)
    own = list(range(p.shape[1])) if told is None else [plain(c) for c in told]
    wanted = header["classes"] if header["task"] == "multiclass" else [header["positive"]]
    places = []
    for label in wanted:
        found = [k for k, c in enumerate(own) if same_label(c, label)]
        if not found:
            raise ValueError(f"the model knows no class {label!r}; its classes are {own}")
        places.append(found[0])
    other = header["classes"][0] if header["task"] == "binary" and header["classes"] else None
    if told is not None and other is not None and not any(same_label(c, other) for c in own):
        # fitted on labels of its own, such as 0 and 1 for 1 and 2: its 1 may be either
        raise ValueError(
            f"the model knows no class {other!r}; its classes are {own}, and which of them is {wanted[0]!r} cannot be told; "
            "write the labels of the target as the model was fitted on them"
        )
    return p[:, places[0]] if header["task"] == "binary" else p[:, places]


def predict_in_threads(model, header, X):
    """(threads, n) or (threads, n, K): the scores of the same rows, asked for by several threads at once.

    Every thread starts at another row, so that what threads share and mix up shows.
    """
    import threading
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    threads, n = header["threads"], len(X)
    together = threading.Barrier(threads)

    def one(k):
        order = (np.arange(n) + k * n // threads) % n
        frame = X.iloc[order].reset_index(drop=True)
        together.wait(timeout=30)
        return predict(model, header, frame)[np.argsort(order)]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(threads) as pool:
            return np.stack(list(pool.map(one, range(threads))))
    finally:
        sys.setswitchinterval(interval)
