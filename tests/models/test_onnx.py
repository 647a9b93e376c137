"""ONNX: the scores of ONNX Runtime here, in the order that is asked for; data kept elsewhere is never read."""

import warnings

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from validators.confined.worker.onnx_graph import EXTERNAL, classes_of
from validators.core.errors import ModelError
from validators.models.client import open_model

RNG = np.random.default_rng(0)
N = 200
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.integers(0, 9, N), "c": RNG.choice(["x", "y", "z"], N)})
NUMBERS = X[["a", "b"]].astype("float32")
SCORE = X.a + 0.2 * X.b
TWO, THREE = np.where(SCORE > 1, "bad", "good"), np.array(["q", "p", "r"])[np.clip(SCORE, 0, 2).astype(int)]
BINARY = {"task": "binary", "classes": ("bad", "good"), "positive": "good"}


def converted(path, model, *, columns=None, zipmap=True):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

        kinds = {"f": FloatTensorType, "i": Int64TensorType, "O": StringTensorType}
        if columns is None:
            types = [("X", FloatTensorType([None, 2]))]
        else:
            types = [(name, kinds[columns[name].dtype.kind]([None, 1])) for name in columns]
        options = {"zipmap": zipmap} if hasattr(model, "predict_proba") else None
        held = convert_sklearn(model, initial_types=types, options=options)
    path.write_bytes(held.SerializeToString())
    return held


def scored(path, frame, features=None, **task):
    with open_model(path, features=features or list(frame), **task) as held:
        return held.predict(frame)


def refused(path, frame, **task):
    with pytest.raises(ModelError) as caught:
        scored(path, frame, **task)
    return str(caught.value)


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "model", [LogisticRegression(), MLPClassifier(3, max_iter=30, random_state=0)], ids=["linear", "network"]
)
@pytest.mark.filterwarnings("ignore:Stochastic")
def test_probabilities_as_maps_or_as_a_tensor_come_in_the_order_of_the_classes(tmp_path, model, zipmap):
    model.fit(NUMBERS.to_numpy(), THREE)
    converted(tmp_path / "m.onnx", model, zipmap=zipmap)

    ours = scored(tmp_path / "m.onnx", NUMBERS, task="multiclass", classes=("r", "p", "q"))
    np.testing.assert_allclose(
        ours, model.predict_proba(NUMBERS.to_numpy())[:, [2, 0, 1]], atol=1e-5
    )  # single precision


def test_a_pipeline_with_text_takes_each_column_by_its_name(tmp_path):
    columns = X.assign(a=X.a.astype("float32"))
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["c"]), (StandardScaler(), ["a", "b"]))
    model = make_pipeline(encode, LogisticRegression()).fit(columns, TWO)
    converted(tmp_path / "m.onnx", model, columns=columns)

    with open_model(tmp_path / "m.onnx", features=["c", "b", "a"], **BINARY) as held:
        np.testing.assert_allclose(held.predict(X), model.predict_proba(columns)[:, 1], atol=1e-6)
        assert held.description.features == ("a", "b", "c")
        assert held.description.classes == ("bad", "good")
        assert held.description.isolation == "full"
        for wrong, words in (
            (X.assign(c=None), "'c' has missing values"),
            (X.assign(b=X.b + 0.5), "'b' has values that an input"),
        ):
            with pytest.raises(ModelError, match=words):
                held.predict(wrong)
    assert "no column 'b'" in refused(tmp_path / "m.onnx", X[["a", "c"]], **BINARY)


def test_one_input_takes_the_features_side_by_side_or_in_the_order_of_the_names_that_the_file_keeps(tmp_path):
    model = LogisticRegression().fit(NUMBERS.to_numpy(), TWO)
    theirs = model.predict_proba(NUMBERS.to_numpy())[:, 1]
    held = converted(tmp_path / "m.onnx", model)

    np.testing.assert_allclose(scored(tmp_path / "m.onnx", NUMBERS, **BINARY), theirs, atol=1e-6)
    backwards = scored(tmp_path / "m.onnx", NUMBERS, ["b", "a"], **BINARY)
    assert np.abs(backwards - theirs).max() > 0.1  # nothing in the file tells
    assert "the rows have 1 features" in refused(tmp_path / "m.onnx", X[["a"]], **BINARY)

    helper.set_model_props(held, {"feature_names": '["a", "b"]'})
    (tmp_path / "named.onnx").write_bytes(held.SerializeToString())
    np.testing.assert_allclose(scored(tmp_path / "named.onnx", NUMBERS, ["b", "a"], **BINARY), theirs, atol=1e-6)


@pytest.mark.parametrize("positive", [0, 1])
def test_whole_numbers_are_classes_too(tmp_path, positive):
    model = GradientBoostingClassifier(n_estimators=3).fit(NUMBERS.to_numpy(), (TWO == "bad").astype(int))
    converted(tmp_path / "m.onnx", model)

    ours = scored(tmp_path / "m.onnx", NUMBERS, task="binary", classes=(0, 1), positive=positive)
    np.testing.assert_allclose(ours, model.predict_proba(NUMBERS.to_numpy())[:, positive], atol=1e-5)


def test_values_of_a_regression(tmp_path):
    model = LinearRegression().fit(NUMBERS.to_numpy(), SCORE)
    converted(tmp_path / "m.onnx", model)

    ours = scored(tmp_path / "m.onnx", NUMBERS, task="regression")
    np.testing.assert_allclose(ours, model.predict(NUMBERS.to_numpy()), atol=1e-5)
    assert "gives no probabilities" in refused(tmp_path / "m.onnx", NUMBERS, **BINARY)


def weights_elsewhere(location="weights.bin"):
    """A model whose one matrix lies in another file."""
    weights = helper.make_tensor("W", TensorProto.FLOAT, [2, 1], np.ones(2, np.float32).tobytes(), raw=True)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "8")):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    node = helper.make_node("MatMul", ["X", "W"], ["y"])
    x = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    return helper.make_model(
        helper.make_graph([node], "g", [x], [y], [weights]), opset_imports=[helper.make_opsetid("", 17)]
    )


@pytest.mark.parametrize("location", ["weights.bin", "/etc/passwd", "../m", "*/_ORT_MEM_ADDR_/*"])
def test_data_in_other_files_is_refused_in_a_sentence(tmp_path, location):
    (tmp_path / "weights.bin").write_bytes(np.ones(2, np.float32).tobytes())
    (tmp_path / "m.onnx").write_bytes(weights_elsewhere(location).SerializeToString())

    assert "never read; save it with all data inside" in refused(tmp_path / "m.onnx", NUMBERS, task="regression")


def test_data_in_other_files_is_seen_wherever_a_tensor_can_be():
    tensor = weights_elsewhere().graph.initializer[0]
    constant = helper.make_node("Constant", [], ["k"], value=tensor)
    inner = helper.make_graph([constant], "inner", [], [])
    branch = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    sparse = onnx.SparseTensorProto(values=tensor)
    function = helper.make_function("d", "f", [], ["k"], [constant], [helper.make_opsetid("", 17)])
    graphs = (
        helper.make_graph([constant], "g", [], []), helper.make_graph([branch], "g", [], []),
        helper.make_graph([], "g", [], [], sparse_initializer=[sparse]),
    )  # fmt: skip
    models = [helper.make_model(g) for g in graphs] + [
        helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    ]
    for model in models:
        with pytest.raises(ValueError, match="other files"):
            classes_of(model.SerializeToString())
    assert "external_data" in EXTERNAL


def test_a_file_that_is_none_or_was_cut_gets_a_sentence(tmp_path):
    model = LogisticRegression().fit(NUMBERS.to_numpy(), TWO)
    whole = converted(tmp_path / "m.onnx", model).SerializeToString()
    rng = np.random.default_rng(1)
    for data in (b"", b"\x80broken", whole[: len(whole) // 2], whole[:-3], b"\x0a" * 100, b"\x08\x00\x00\x00ORTM"):
        (tmp_path / "m.onnx").write_bytes(data)
        assert "m.onnx" in refused(tmp_path / "m.onnx", NUMBERS, **BINARY)
    for _ in range(200):  # whatever the bytes, it comes to an end with labels or a ValueError
        broken = bytearray(whole)
        for at in rng.integers(0, len(whole), 4):
            broken[at] = rng.integers(256)
        try:
            classes_of(bytes(broken))
        except ValueError:
            continue


def test_classes_that_the_file_does_not_tell_apart_are_not_guessed(tmp_path):
    held = converted(tmp_path / "m.onnx", LogisticRegression().fit(NUMBERS.to_numpy(), TWO), zipmap=False)
    other = helper.make_node(
        "ZipMap", ["probabilities"], ["z"], domain="ai.onnx.ml", classlabels_strings=["good", "bad"]
    )
    held.graph.node.append(other)
    (tmp_path / "m.onnx").write_bytes(held.SerializeToString())

    assert len(classes_of(held.SerializeToString())) == 2
    assert "does not tell which" in refused(tmp_path / "m.onnx", NUMBERS, **BINARY)


def test_a_model_that_was_exported_for_one_row_scores_all_of_them(tmp_path):
    model = LogisticRegression().fit(NUMBERS.to_numpy(), TWO)
    held = converted(tmp_path / "m.onnx", model, zipmap=False)
    held.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    (tmp_path / "m.onnx").write_bytes(held.SerializeToString())

    theirs = model.predict_proba(NUMBERS.to_numpy())[:, 1]
    np.testing.assert_allclose(scored(tmp_path / "m.onnx", NUMBERS, **BINARY), theirs, atol=1e-6)


@pytest.mark.parametrize("zipmap", [True, False])
def test_single_precision_leaves_no_probability_beyond_0_and_1(tmp_path, zipmap):
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(20, random_state=0).fit(NUMBERS.to_numpy(), TWO)
    converted(tmp_path / "m.onnx", model, zipmap=zipmap)

    ours = scored(tmp_path / "m.onnx", NUMBERS, **BINARY)
    assert ours.min() >= 0
    assert ours.max() <= 1
    np.testing.assert_allclose(ours, model.predict_proba(NUMBERS.to_numpy())[:, 1], atol=1e-5)
