"""Columns of the rows as a model wants them: its own order, found by name; what is missing is told by name."""

MADE_UP = ("{}", "Column_{}")  # names that CatBoost and LightGBM give to the columns of bare arrays
TOLD = "names_of_its_signature_"  # where a folder of MLflow tells names that the model in it does not keep
TEXT_KINDS = "OUS"


def in_order(names, X):
    """The columns with these names, in this order; ValueError with those that are missing.

    Names that a library made up, none of which the rows have, stand for places.
    """
    names = [str(n) for n in names]
    missing = [n for n in names if n not in X.columns]
    if not missing:
        return X if list(X.columns) == names else X[names]
    written = {"_".join(str(c).split(" ")): c for c in X.columns}  # as LightGBM writes names with spaces
    if len(written) == X.shape[1] and written.keys() >= set(names):
        return X[[written[n] for n in names]]
    if len(missing) == len(names) and any(names == [m.format(k) for k in range(len(names))] for m in MADE_UP):
        if len(names) == X.shape[1]:
            return X
        raise ValueError(f"the model was fitted on {len(names)} columns without names, and the rows have {X.shape[1]}")
    some = ", ".join(map(repr, missing[:5])) + f" and {len(missing) - 5} more" * (len(missing) > 5)
    has = ", ".join(map(repr, list(map(str, X.columns))[:12]))
    raise ValueError(f"the rows have no column {some}, which the model was fitted on; they have {has}")


def as_fitted(model, X):
    """The columns in the order of `feature_names_in_`, or else of the signature, where there is one."""
    names = getattr(model, "feature_names_in_", None)
    names = getattr(model, TOLD, None) if names is None else names
    if names is None or not all(isinstance(n, str) for n in names):
        return X
    return in_order(names, X)


def is_text(dtype):
    """Whether a column holds text or objects, and is not of pandas' categories."""
    return getattr(dtype, "kind", "O") in TEXT_KINDS and str(dtype) != "category"
