"""Models in the formats of XGBoost and LightGBM themselves, with scikit-learn's two calls."""

import json


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
