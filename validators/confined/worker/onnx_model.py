"""ONNX models, with scikit-learn's two calls: from bytes only, on one thread, without custom operators."""

import json

from .columns import in_order
from .onnx_graph import classes_of

FLOATS = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}
WHOLE = {f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
LABELS = ("tensor(string)", *WHOLE, "tensor(bool)")


class NativeOnnx:
    """A session of ONNX Runtime.

    A model with one input takes the features side by side, in the order of the project's `features`, or of the names that the
    file keeps under `feature_names` in its metadata (JSON); with several inputs each takes the feature of its name.
    """

    def __init__(self, data):
        listed = classes_of(data)
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.inputs, self.outputs = self.session.get_inputs(), self.session.get_outputs()
        self.names = feature_names(self.inputs, self.session.get_modelmeta().custom_metadata_map)
        if self.names is not None:
            self.feature_names_in_ = self.names
        self.listed = listed
        self.label = next((o for o in self.outputs if o.type in LABELS), None)
        if listed and self.label is not None and len(listed) == 1:
            self.classes_ = list(listed[0])

    def take_names(self, names):
        """The names of the features of one input, in order, where the file does not tell them itself."""
        if self.names is None:
            self.names = self.feature_names_in_ = names

    def given(self, output, X):
        """What one output gives."""
        X = X if self.names is None else in_order(self.names, X)
        if len(X) > 1 and any(i.shape[:1] == [1] for i in self.inputs):  # exported for one row at a time
            return self.row_by_row(output, X)
        if len(self.inputs) == 1:
            feed = {self.inputs[0].name: side_by_side(self.inputs[0], X)}
        else:
            feed = {i.name: tensor(i, X[i.name]).reshape(-1, *[1] * (len(i.shape) - 1)) for i in self.inputs}
        return self.session.run([output.name], feed)[0]

    def row_by_row(self, output, X):
        """What one output gives for each row by itself."""
        import numpy as np

        parts = [self.given(output, X.iloc[k : k + 1]) for k in range(len(X))]
        return [row for part in parts for row in part] if isinstance(parts[0], list) else np.concatenate(parts)

    def predict_proba(self, X):
        """Probabilities per class."""
        import numpy as np

        output = self.output_of_numbers(maps=True)
        found = self.given(output, X)
        if output.type.startswith("seq(map("):
            return within(self.out_of_maps(found, len(X)), output)
        p = np.asarray(found, dtype=np.float64)
        p = p.reshape(len(X), -1)
        p = p if p.shape[1] > 1 else np.column_stack([1 - p, p])
        p = within(p, output)
        listed = self.classes(p.shape[1])
        if listed is not None:
            self.classes_ = listed
        return p

    def classes(self, n):
        """The labels of n columns of probabilities; None where the file has none."""
        fit = [list(held) for held in self.listed if len(held) == n]
        if len(fit) == 1:
            return fit[0]
        if fit or (self.label is not None and self.label.type == "tensor(string)"):
            raise ValueError(
                f"the file does not tell which of its {n} probabilities belongs to which class; save it with a ZipMap"
            )
        return None

    def out_of_maps(self, found, rows):
        """Probabilities out of one map a row, from class to probability."""
        import numpy as np

        if rows:
            self.classes_ = list(found[0])
        return np.array([[row[c] for c in self.classes_] for row in found]).reshape(rows, -1)

    def predict(self, X):
        """Values of a regression."""
        import numpy as np

        if self.label is not None:
            raise TypeError("the model is a classifier; a regression must give values")
        return np.asarray(self.given(self.output_of_numbers(), X), dtype=np.float64).reshape(len(X), -1)[:, 0]

    def output_of_numbers(self, *, maps=False):
        """The output with the scores: the only one of numbers, or the one called probabilities."""
        held = [o for o in self.outputs if o.type in FLOATS or (maps and o.type.startswith("seq(map("))]
        named = [o for o in held if "prob" in o.name.lower()]
        chosen = named if len(held) > 1 else held
        if len(chosen) != 1:
            raise ValueError(f"which output holds the scores cannot be told; it has {[o.name for o in self.outputs]}")
        return chosen[0]


def within(p, output):
    """Probabilities, of which single precision may leave some a little below 0 or above 1; ValueError where they are none."""
    import numpy as np

    if len(p) and (np.nanmin(p) < -1e-5 or np.nanmax(p) > 1 + 1e-5):
        raise ValueError(f"output {output.name!r} gives no probabilities: its values lie beyond 0 and 1")
    return np.clip(p, 0, 1)


def feature_names(inputs, metadata):
    """Names of the features, where the file tells them."""
    if len(inputs) > 1:
        return [i.name for i in inputs]
    try:
        held = json.loads(metadata.get("feature_names", "null"))
    except ValueError:
        return None
    return held if isinstance(held, list) and held and all(isinstance(n, str) for n in held) else None


def side_by_side(asked, X):
    """All features as one tensor of the type that is asked for."""
    import numpy as np

    width = asked.shape[1] if len(asked.shape) == 2 else None
    if len(asked.shape) != 2 or (isinstance(width, int) and width != X.shape[1]):
        raise ValueError(f"input {asked.name!r} has shape {asked.shape}, and the rows have {X.shape[1]} features")
    return np.column_stack([tensor(asked, X[name]) for name in X.columns])


def tensor(asked, column):
    """A column as a tensor of the type that is asked for; what that type cannot hold is refused by name."""
    import numpy as np

    if asked.type in FLOATS:
        return column.to_numpy(dtype=FLOATS[asked.type], na_value=np.nan)
    if column.isna().any():
        raise ValueError(f"column {column.name!r} has missing values, which an input of type {asked.type} cannot hold")
    if asked.type == "tensor(string)":
        return column.astype(str).to_numpy(dtype=object)
    if asked.type == "tensor(bool)":
        return column.to_numpy(dtype=bool)
    if asked.type not in WHOLE:
        raise ValueError(f"input {asked.name!r} has type {asked.type}, which no column can be")
    values = column.to_numpy()
    whole = values.astype(WHOLE[asked.type])
    if not (whole == values).all():
        raise ValueError(f"column {column.name!r} has values that an input of type {asked.type} cannot hold")
    return whole
