"""Models in the formats of XGBoost, LightGBM and CatBoost themselves, with scikit-learn's two calls."""

import json

from .categories import catboost_scores, for_catboost, for_lightgbm, for_xgboost
from .columns import in_order, is_text


def two_columns(p):
    """Probabilities per class, out of those of the second of two classes."""
    import numpy as np

    p = np.asarray(p, dtype=np.float64)
    return p if p.ndim == 2 else np.column_stack([1 - p, p])


class NativeXGBoost:
    """An XGBoost booster from its own format, with scikit-learn's two calls."""

    def __init__(self, data, suffix):
        import xgboost

        self.xgboost = xgboost
        self.booster = xgboost.Booster()
        self.booster.load_model(bytearray(data))
        config = json.loads(self.booster.save_config())
        # what scikit-learn's estimator saved stops at its best round, as the estimator does; a bare booster uses all its rounds
        best = self.booster.attr("best_iteration") if self.booster.attr("scikit_learn") else None
        linear = config["learner"]["gradient_booster"].get("name") == "gblinear"
        # 0 is all of them; the booster stays whole, for a slice of it has lost its lists of categories
        self.rounds = 0 if best is None or linear else int(best) + 1
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
            X = in_order(self.booster.feature_names, X)
        rows = self.xgboost.DMatrix(for_xgboost(self.booster, X), enable_categorical=True)
        return self.booster.predict(rows, iteration_range=(0, self.rounds))

    def predict_proba(self, X):
        """Probabilities per class."""
        import numpy as np

        p = np.asarray(self.raw(X), dtype=np.float64)
        if self.objective == "binary:logitraw":
            p = 1 / (1 + np.exp(-p))
        return two_columns(p)

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

    def raw(self, X):
        """What the booster gives."""
        return self.booster.predict(for_lightgbm(self.booster, in_order(self.feature_names_in_, X)))

    def predict_proba(self, X):
        """Probabilities per class."""
        return two_columns(self.raw(X))

    def predict(self, X):
        """Values of a regression."""
        return self.raw(X)


class NativeCatBoost:
    """A CatBoost model from its own binary format, with scikit-learn's two calls. It keeps its classes and what is categorical."""

    def __init__(self, data, suffix):
        import catboost

        self.booster = catboost.CatBoost()
        self.booster.load_model(blob=data)
        self.feature_names_in_ = list(self.booster.feature_names_)
        self.categorical = [self.feature_names_in_[k] for k in self.booster.get_cat_feature_indices()]
        self.loss = str(self.booster.get_all_params().get("loss_function", "")).split(":")[0]
        if len(self.booster.classes_):
            self.classes_ = list(self.booster.classes_)

    def given(self, prediction_type, X):
        """What the booster gives."""
        X = in_order(self.feature_names_in_, X)
        X = X.set_axis(self.feature_names_in_, axis=1)
        for name in self.categorical:
            X[name] = categories(X[name])
        return catboost_scores(self.booster, for_catboost(self.booster, X), prediction_type)

    def predict_proba(self, X):
        """Probabilities per class."""
        if not hasattr(self, "classes_"):
            raise TypeError(f"the model is no classifier: its loss is {self.loss}")
        return two_columns(self.given("Probability", X))

    def predict(self, X):
        """Values of a regression, on the scale that CatBoost's own regressor gives them on."""
        import numpy as np

        if hasattr(self, "classes_"):
            raise TypeError("the model is a classifier; a regression must give values")
        scale = {"Poisson": "Exponent", "Tweedie": "Exponent"}.get(self.loss, "RawFormulaVal")
        found = np.asarray(self.given(scale, X))
        return found[:, 0] if self.loss == "RMSEWithUncertainty" else found  # (mean, logarithm of the variance)


def categories(column):
    """A column as CatBoost takes categories: text, or whole numbers; fractions and gaps are refused by name."""
    if column.isna().any():
        raise ValueError(
            f"column {column.name!r} has missing values, and CatBoost takes categories as text or whole numbers only; "
            "fill them in the data as they were filled for the training"
        )
    if str(column.dtype) == "category":
        column = column.astype(column.cat.categories.dtype)
    if is_text(column.dtype):
        return column.astype(object)
    if getattr(column.dtype, "kind", "") == "f" and (column % 1 == 0).all():
        return column.astype("int64")
    return column
