"""The ensemble of a fitted model as flat arrays, made inside the worker. Imports nothing of the rest of the product.

Trees that add up on the raw score, with numeric splits only, behind a preprocessing in which every column comes from one
feature. Anything else is refused with a ValueError: the parent then asks the model for scores instead. What is sent is no
proof: the parent compares it with the model's own scores.
"""

import json

from .columns import as_fitted, in_order
from .gaps import with_gaps

NODE_FIELDS = ("feature", "threshold", "left", "right", "missing_left", "value")


def answer(model, X):
    """Header and payload of the reply: the arrays one after the other, in the order of `NODE_FIELDS`, `root`, `source`, `matrix`."""
    trees, matrix, source = trees_of(model, X)
    arrays = [*(trees[name] for name in NODE_FIELDS), trees["root"], source, matrix]
    sizes = {"nodes": len(trees["feature"]), "trees": len(trees["root"]), "columns": matrix.shape[1], "rows": len(X)}
    header = {"ok": True, **sizes, "strict": trees["strict"], "single": trees["single"]}
    return header, b"".join(a.tobytes() for a in arrays)


def trees_of(model, X):
    """(ensemble, matrix, source): arrays by name, the rows as the trees see them, and the feature behind every column."""
    import numpy as np

    steps = getattr(model, "steps", None)
    final = steps[-1][1] if steps else model
    trees = ensemble(final)
    names = getattr(final, "feature_names_in_", None) if not steps else None
    transform = (
        (lambda Z: model[:-1].transform(with_gaps(model, as_fitted(model, Z))))
        if steps and len(steps) > 1
        else (lambda Z: numbers(Z, names))
    )
    matrix = dense(transform(X))
    source = np.full(matrix.shape[1], -1, np.int32)
    rng = np.random.default_rng(0)
    for j, name in enumerate(X.columns):
        shuffled = X.copy()
        shuffled[name] = X[name].array.take(rng.permutation(len(X)))
        moved = dense(transform(shuffled))
        changed = ~((moved == matrix) | (np.isnan(moved) & np.isnan(matrix))).all(axis=0)
        if (source[changed] >= 0).any():
            raise ValueError("a column of the preprocessing comes from several features")
        source[changed] = j
    return trees, matrix, np.maximum(source, 0)


def numbers(X, names):
    """The features in the order that the model knows, if all are numbers."""
    if any(getattr(t, "kind", "O") not in "biuf" for t in X.dtypes):
        raise ValueError("some features are not numbers")
    return X if names is None else in_order(names, X)


def dense(found):
    """A matrix of float64."""
    import numpy as np

    found = found.toarray() if hasattr(found, "toarray") else found
    return np.ascontiguousarray(np.asarray(found, dtype=np.float64))


def ensemble(model):
    """Flat arrays of a known kind of model."""
    module, name = type(model).__module__, type(model).__name__
    if hasattr(model, "booster") and name == "NativeXGBoost":
        return xgboost_trees(model.booster[: model.rounds] if model.rounds else model.booster)
    if hasattr(model, "booster") and name == "NativeLightGBM":
        return lightgbm_trees(model.booster)
    if module.startswith("sklearn.ensemble._hist_gradient_boosting"):
        return histogram_trees(model)
    if module.startswith("xgboost."):
        booster, best = model.get_booster(), getattr(model, "best_iteration", None)
        return xgboost_trees(booster if best is None else booster[: best + 1])
    if module.startswith("lightgbm."):
        return lightgbm_trees(model.booster_)
    if name in ("GradientBoostingClassifier", "GradientBoostingRegressor") and module.startswith("sklearn."):
        if model.estimators_.shape[1] != 1:
            raise ValueError("several classes")
        return sklearn_trees([t.tree_ for t in model.estimators_[:, 0]], model.learning_rate)
    if name in ("RandomForestRegressor", "ExtraTreesRegressor") and module.startswith("sklearn."):
        return sklearn_trees([t.tree_ for t in model.estimators_], 1 / len(model.estimators_))
    if name == "DecisionTreeRegressor" and module.startswith("sklearn."):
        return sklearn_trees([model.tree_], 1.0)
    raise ValueError(f"{name} is no ensemble of trees that add up on the raw score")


def joined(trees, *, strict, single):
    """One set of arrays of trees that each have their own, children counted from the root of their tree."""
    import numpy as np

    sizes = [len(t["feature"]) for t in trees]
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    out = {name: np.concatenate([np.asarray(t[name]) for t in trees]) for name in NODE_FIELDS}
    offset, inner = np.repeat(start, sizes), out["feature"] >= 0
    for side in ("left", "right"):
        out[side] = np.where(inner, out[side] + offset, -1)
    types = {"feature": "i4", "left": "i4", "right": "i4", "missing_left": "u1", "threshold": "f8", "value": "f8"}
    return {n: out[n].astype(t) for n, t in types.items()} | {"root": start, "strict": strict, "single": single}


def histogram_trees(model):
    """scikit-learn's HistGradientBoosting."""
    import numpy as np

    trees = []
    for iteration in model._predictors:
        if len(iteration) != 1:
            raise ValueError("several classes")
        nodes = iteration[0].nodes
        leaf = nodes["is_leaf"].astype(bool)
        if nodes["is_categorical"][~leaf].any():
            raise ValueError("splits on categories")
        trees.append({
            "feature": np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)), "threshold": nodes["num_threshold"],
            "left": nodes["left"].astype(np.int64), "right": nodes["right"].astype(np.int64),
            "missing_left": nodes["missing_go_to_left"], "value": nodes["value"],
        })  # fmt: skip
    return joined(trees, strict=False, single=False)


def sklearn_trees(trees, factor):
    """scikit-learn's plain trees; each counts `factor`."""
    import numpy as np

    out = []
    for t in trees:
        if t.value.shape[1:] != (1, 1):
            raise ValueError("several outputs")
        missing = getattr(t, "missing_go_to_left", None)
        out.append({
            "feature": np.where(t.children_left < 0, -1, t.feature), "threshold": t.threshold, "left": t.children_left,
            "right": t.children_right, "value": t.value[:, 0, 0] * factor,
            "missing_left": np.zeros(t.node_count) if missing is None else missing,
        })  # fmt: skip
    return joined(out, strict=False, single=True)


def xgboost_trees(booster):
    """XGBoost, from its own JSON."""
    import numpy as np

    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    held = learner["gradient_booster"]
    if held.get("name") != "gbtree" or int(learner["learner_model_param"].get("num_class", 0)) > 1:
        raise ValueError("no plain trees of one score")
    out = []
    for t in held["model"]["trees"]:
        if any(t.get("split_type", ())) or t.get("categories"):
            raise ValueError("splits on categories")
        left, right = np.array(t["left_children"]), np.array(t["right_children"])
        value = np.array(t["split_conditions"], np.float32).astype(
            np.float64
        )  # thresholds are float32: rows may lie on them
        out.append({
            "feature": np.where(left < 0, -1, np.array(t["split_indices"])), "threshold": value, "left": left, "right": right,
            "missing_left": np.array(t["default_left"]), "value": value,
        })  # fmt: skip
    return joined(out, strict=True, single=True)


def lightgbm_trees(booster):
    """LightGBM, from its own dump."""
    held = booster.dump_model()
    if held["num_tree_per_iteration"] != 1:
        raise ValueError("several classes")
    return joined([lightgbm_tree(t["tree_structure"]) for t in held["tree_info"]], strict=False, single=False)


def lightgbm_tree(top):
    """One tree, children after parents. Where missing values are not told apart they are read as 0."""
    out: dict[str, list[float]] = {name: [] for name in NODE_FIELDS}
    waiting = [(top, -1, "")]
    while waiting:
        node, parent, side = waiting.pop()
        at = len(out["feature"])
        if parent >= 0:
            out[side][parent] = at
        split = "split_feature" in node
        if split and (node["decision_type"] != "<=" or node["missing_type"] == "Zero"):
            raise ValueError("splits on categories, or zero read as missing")
        if "leaf_coeff" in node:
            raise ValueError("leaves that are linear models")
        threshold = float(node["threshold"]) if split else 0.0
        told = split and node["missing_type"] == "NaN"
        out["feature"].append(int(node["split_feature"]) if split else -1)
        out["threshold"].append(threshold)
        out["missing_left"].append(bool(node["default_left"]) if told else threshold >= 0)
        out["value"].append(float(node.get("leaf_value", 0.0)))
        out["left"].append(-1)
        out["right"].append(-1)
        if split:
            waiting += [(node["right_child"], at, "right"), (node["left_child"], at, "left")]
    return out
