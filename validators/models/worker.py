"""The worker: loads one model and answers questions about it, in a process of its own.

Started by file as ``python -I -B worker.py FD``; it imports nothing of the rest of the product. Order: limit itself, say what
is in force, and only then receive the model as an open file descriptor. Labels never come in here.

Frames on the socket: 8 bytes length, strict JSON; a payload of `payload` bytes follows where the JSON says so.
"""

import array
import importlib.abc
import importlib.machinery
import io
import json
import os
import pathlib
import socket
import struct
import sys
import types

MAX_HEADER = 1 << 20
PR_SET_PDEATHSIG, SIGKILL = 1, 9


def confine():
    """Die with the parent, leave no core file; the place where kernel confinement will be added."""
    import ctypes
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() == 1:
            os._exit(1)
    return "process"


def read_exactly(sock, size):
    """`size` bytes, or EOFError."""
    parts = bytearray(size)
    view = memoryview(parts)
    got = 0
    while got < size:
        n = sock.recv_into(view[got:], min(size - got, 1 << 20))
        if n == 0:
            raise EOFError
        got += n
    return bytes(parts)


def read_message(sock):
    """One header and its payload."""
    (size,) = struct.unpack(">Q", read_exactly(sock, 8))
    if size > MAX_HEADER:
        raise ValueError("header too long")
    header = json.loads(read_exactly(sock, size))
    return header, read_exactly(sock, header.get("payload", 0))


def send(sock, header, payload=b""):
    """One header and its payload."""
    text = json.dumps({**header, "payload": len(payload)}).encode()
    sock.sendall(struct.pack(">Q", len(text)) + text)
    if payload:
        sock.sendall(payload)


def receive_file(sock):
    """The model's bytes, from a file descriptor that the parent passes."""
    size = array.array("i").itemsize
    _, control, _, _ = sock.recvmsg(1, socket.CMSG_SPACE(size))
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return os.fdopen(array.array("i", data[:size])[0], "rb")
    raise ValueError("no file descriptor came")


class SourceFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Modules of the project's `code`, out of source text; importable in this process only."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, fullname, path=None, target=None):
        """A spec for a module that came as source."""
        if fullname in self.sources:
            return importlib.machinery.ModuleSpec(fullname, self, origin=f"<code {fullname}.py>")
        return None

    def get_source(self, fullname):
        """Its text."""
        return self.sources[fullname]

    def create_module(self, spec):
        """A plain module."""
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        """Run the source in it."""
        exec(compile(self.sources[module.__name__], f"<code {module.__name__}.py>", "exec"), module.__dict__)  # noqa: S102


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


class NativeXGBoost:
    """An XGBoost booster from its own format, with scikit-learn's two calls."""

    def __init__(self, data, suffix):
        import xgboost

        self.xgboost = xgboost
        self.booster = xgboost.Booster()
        self.booster.load_model(bytearray(data))
        config = json.loads(self.booster.save_config())
        self.objective = config["learner"]["objective"]["name"]
        self.n_classes = int(config["learner"]["learner_model_param"].get("num_class", "0") or 0)
        if self.booster.feature_names is not None:
            self.feature_names_in_ = list(self.booster.feature_names)
        if self.objective.startswith("multi:"):
            self.classes_ = list(range(self.n_classes))
        elif self.objective in ("binary:logistic", "binary:logitraw", "reg:logistic"):
            self.classes_ = [0, 1]

    def raw(self, X):
        """What the booster gives."""
        if self.booster.feature_names is not None:
            X = X[list(self.booster.feature_names)]
        return self.booster.predict(self.xgboost.DMatrix(X, enable_categorical=True))

    def predict_proba(self, X):
        """Probabilities per class."""
        import numpy as np

        p = np.asarray(self.raw(X), dtype=np.float64)
        if self.objective == "binary:logitraw":
            p = 1 / (1 + np.exp(-p))
        return p if p.ndim == 2 else np.column_stack([1 - p, p])

    def predict(self, X):
        """Values of a regression."""
        return self.raw(X)


class NativeLightGBM:
    """A LightGBM booster from its own text format, with scikit-learn's two calls."""

    def __init__(self, data, suffix):
        import lightgbm

        self.booster = lightgbm.Booster(model_str=data.decode("utf-8"))
        self.feature_names_in_ = list(self.booster.feature_name())
        text = data[:4000].decode("utf-8", "replace")
        objective = next((line.split("=", 1)[1] for line in text.splitlines() if line.startswith("objective=")), "")
        self.objective = objective.split(" ")[0]
        if self.objective in ("binary", "cross_entropy"):
            self.classes_ = [0, 1]
        elif self.objective.startswith("multiclass"):
            self.classes_ = list(range(self.booster.num_model_per_iteration()))

    def predict_proba(self, X):
        """Probabilities per class."""
        import numpy as np

        p = np.asarray(self.booster.predict(X[self.feature_names_in_]), dtype=np.float64)
        return p if p.ndim == 2 else np.column_stack([1 - p, p])

    def predict(self, X):
        """Values of a regression."""
        return self.booster.predict(X[self.feature_names_in_])


LOADERS = {
    ".joblib": load_joblib,
    ".pkl": load_joblib,
    ".pickle": load_joblib,
    ".skops": load_skops,
    ".json": lambda f: NativeXGBoost(f.read(), ".json"),
    ".ubj": lambda f: NativeXGBoost(f.read(), ".ubj"),
    ".txt": lambda f: NativeLightGBM(f.read(), ".txt"),
}


def plain(value):
    """A label as JSON can hold it."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, bool | int | float | str) else str(value)


def describe(model):
    """What the model says of itself."""
    names = getattr(model, "feature_names_in_", None)
    classes = getattr(model, "classes_", None)
    libraries = ("sklearn", "xgboost", "lightgbm", "numpy", "pandas")
    return {
        "class": type(model).__name__,
        "module": type(model).__module__,
        "predict_proba": hasattr(model, "predict_proba"),
        "classes": None if classes is None else [plain(c) for c in classes],
        "features": None if names is None else [str(n) for n in names],
        "libraries": {n: sys.modules[n].__version__ for n in libraries if hasattr(sys.modules.get(n), "__version__")},
    }


def fitted_statistics(model):
    """Numbers and levels that the parts of a model keep of the rows that they were fitted on, with the columns they belong to.

    Walks pipelines, column transformers and whatever else holds estimators. Each part gives its class, its place, its columns,
    what an imputer before it puts in their gaps, its vectors with one number per column, and its levels.
    """
    found, seen = [], {0}

    def walk(part, place, columns, fills):
        """Note a part; give the columns that leave it, with their fills."""
        if id(part) in seen or len(seen) > 2000 or not hasattr(part, "__dict__"):
            return None, None
        seen.add(id(part))
        names = getattr(part, "feature_names_in_", None)
        columns = columns if names is None else [str(n) for n in names]
        if hasattr(part, "steps"):
            for name, step in part.steps:
                columns, fills = (
                    walk(step, [*place, name], columns, fills) if hasattr(step, "fit") else (columns, fills)
                )
            return columns, fills
        if hasattr(part, "transformers_") and columns is not None:
            for name, step, chosen in part.transformers_:
                walk(step, [*place, name], chosen_columns(chosen, columns), None)
            return [n.partition("__")[2] or n for n in map(str, part.get_feature_names_out())], None
        kept = {"place": "/".join(place), "class": type(part).__name__, "columns": columns, "fills": fills}
        kept["numbers"], kept["levels"] = kept_numbers(part, columns), kept_levels(part)
        mean = vars(part).get("target_mean_")
        kept["target_mean"] = float(mean) if isinstance(mean, float) and mean == mean else None  # noqa: PLR0124
        if columns is not None and (kept["numbers"] or kept["levels"] or kept["target_mean"] is not None):
            found.append(kept)
        for name, child in children(part):
            walk(child, [*place, name], columns, fills)
        fills = kept["numbers"].get("statistics_", fills)
        same = hasattr(part, "transform") and not kept["levels"] and columns is not None
        return (columns, fills) if same and getattr(part, "n_features_in_", 0) == len(columns) else (None, None)

    walk(model, [], None, None)
    return found[:500]


def chosen_columns(chosen, columns):
    """Names of the columns that a column transformer gives to one of its parts."""
    import numpy as np

    chosen = [chosen] if isinstance(chosen, str | int) else chosen
    if not isinstance(chosen, slice) and len(chosen) and isinstance(chosen[0], str):
        return [str(c) for c in chosen]
    return [columns[k] for k in np.arange(len(columns))[chosen if isinstance(chosen, slice) else np.asarray(chosen)]]


def children(part):
    """Estimators among the attributes of a part, also in lists; of a list the first twenty."""
    for name, value in list(vars(part).items()):
        for child in value[:20] if isinstance(value, list | tuple) else [value]:
            held = child[1] if isinstance(child, tuple) and len(child) > 1 else child
            if hasattr(held, "fit") and not isinstance(held, type):
                yield name, held


def kept_numbers(part, columns):
    """Attributes of a part with one number per column."""
    import numpy as np

    found = {}
    for name, held in vars(part).items():
        value = held
        if isinstance(held, dict) and held and set(map(str, held)) <= set(columns or ()):
            by_name = {str(k): v for k, v in held.items()}
            value = [by_name.get(c, np.nan) for c in columns]
        if isinstance(value, list | np.ndarray) or type(value).__name__ == "Series":
            try:
                vector = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError):
                continue
            if columns is not None and vector.shape == (len(columns),):
                found[name] = [float(v) if np.isfinite(v) else None for v in vector]
    return found


def kept_levels(part):
    """Levels per column that an encoder knows, where there are at most 2,000."""
    held = getattr(part, "categories_", None) or []
    return [[None if v != v else plain(v) for v in levels] if len(levels) <= 2000 else None for levels in held]  # noqa: PLR0124


def same_label(a, b):
    """Whether two labels mean the same class: 1, 1.0 and True are one; text is compared as text."""
    return a == b or str(a) == str(b)


def frame_of(payload):
    """A pandas frame with the parent's types."""
    import pyarrow as pa

    with pa.ipc.open_stream(payload) as reader:
        return reader.read_pandas()


def predict(model, header, X):
    """Scores as float64: (n,) or (n, K) in the order of the classes asked for."""
    import numpy as np

    if header["task"] == "regression":
        scores = np.asarray(model.predict(X), dtype=np.float64)
        return scores.reshape(-1)
    if not hasattr(model, "predict_proba"):
        raise TypeError("the model has no predict_proba; a classifier must give probabilities")
    p = np.asarray(model.predict_proba(X), dtype=np.float64)
    own = getattr(model, "classes_", None)
    own = list(range(p.shape[1])) if own is None else [plain(c) for c in own]
    wanted = header["classes"] if header["task"] == "multiclass" else [header["positive"]]
    places = []
    for label in wanted:
        found = [k for k, c in enumerate(own) if same_label(c, label)]
        if not found:
            raise ValueError(f"the model knows no class {label!r}; its classes are {own}")
        places.append(found[0])
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


def sibling(name):
    """A module that lies beside this file; there is no other way in, as nothing of the product is importable here."""
    loader = importlib.machinery.SourceFileLoader(name, str(pathlib.Path(__file__).with_name(f"{name}.py")))
    module = types.ModuleType(name)
    loader.exec_module(module)
    return module


def serve(sock):
    """Answer until the parent hangs up."""
    import faulthandler

    faulthandler.disable()
    flat_trees = sibling("flat_trees")
    send(sock, {"isolation": confine(), "python": sys.version.split()[0]})
    header, _ = read_message(sock)
    file = receive_file(sock)
    sys.meta_path.append(SourceFinder(header["code"]))
    model = None
    try:
        model = LOADERS[header["suffix"]](file)
        reply = describe(model)
    except Exception as error:  # noqa: BLE001 - whatever a model file raises is answered
        send(sock, failure(error))
        return
    finally:
        file.close()
    send(sock, {"ok": True, **reply})
    while True:
        try:
            header, payload = read_message(sock)
        except EOFError:
            return
        try:
            if header.get("ask") == "trees":
                send(sock, *flat_trees.answer(model, frame_of(payload)))
                continue
            import numpy as np

            if header.get("ask") == "fitted_statistics":
                send(sock, {"ok": True, "found": fitted_statistics(model)})
                continue
            answer = predict_in_threads if header.get("threads") else predict
            scores = np.ascontiguousarray(answer(model, header, frame_of(payload)))
            send(sock, {"ok": True, "shape": list(scores.shape)}, scores.tobytes())
        except Exception as error:  # noqa: BLE001 - whatever a model raises is answered
            send(sock, failure(error))


def failure(error):
    """What was raised, as text."""
    return {"ok": False, "type": type(error).__name__[:80], "message": str(error)[:2000]}


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    serve(socket.socket(fileno=int(sys.argv[1])))
