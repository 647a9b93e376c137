"""Rows as boosters were fitted on them: the code of a level hangs on the list that the model keeps, never on the rows at hand.

Files keep categories that are numbers as plain numbers, true and false with gaps as objects, and codes of a csv (00501) as text.
"""

import os
import re
from functools import lru_cache

from .columns import is_text
from .gaps import as_number

CODE, NEVER = re.compile("0[0-9]+"), "seatrial: a level that never was"
TEXTS: dict[int, tuple[object, set[str]]] = {}  # by identity: the columns in which a CatBoost model knows such a text


def as_boosted(model, X):
    """The rows as the booster behind a fitted XGBoost, LightGBM or CatBoost model was fitted on them; of other models as they are."""
    library = type(model).__module__.split(".")[0]
    if library == "xgboost" and hasattr(model, "get_booster"):
        return for_xgboost(model.get_booster(), X)
    if library == "catboost" and hasattr(model, "get_cat_feature_indices"):
        return for_catboost(model, X)
    return for_lightgbm(model.booster_, X) if library == "lightgbm" and hasattr(model, "booster_") else X


def for_xgboost(booster, X):
    """Columns in the booster's order as it takes them; ValueError where it has no list of a column's categories."""
    import pandas as pd

    X, types = as_numbers(X), booster.feature_types or []
    told = "c" in types and hasattr(booster, "get_categories")  # linear boosters raise where they are asked
    lists = booster.get_categories(export_to_arrow=True).to_arrow() if told else []
    known = [None if held is None else pd.Index(held.to_pandas()) for _, held in lists] or [None] * len(types)
    for name, kind, listed in zip(X.columns, types, known, strict=False):
        if kind == "c" and listed is None:
            raise ValueError(
                f"column {name!r} is a category to the model, and its file does not tell which code stands for which level; "
                "fit it again with XGBoost 3.1 or newer on a frame with category columns, which keeps that"
            )
        if kind == "c":
            X[name] = as_category(X[name], listed, strict=True)
    return as_spelt(X)


def for_lightgbm(booster, X):
    """Columns in the booster's order as it takes them; a level that it does not know is missing to it, as in LightGBM itself."""
    X, lists = as_numbers(X), booster.pandas_categorical or []
    places = category_places(booster, [is_text(t) or str(t) == "category" for t in X.dtypes]) if lists else ()
    for k, listed in zip(places, lists, strict=True):
        X[X.columns[k]] = as_category(X.iloc[:, k], listed, strict=False)
    return as_spelt(X)


def for_catboost(model, X):
    """Codes like 00501 as the model was fitted on them: as text, or as the numbers that pandas reads in a csv.

    Its file keeps hashes, which do not tell, so it is asked: where no row of a column scores otherwise than with a level that never
    was, the model does not know the texts, and gets the numbers.
    """
    X, texts = X.copy(deep=False), TEXTS.setdefault(id(model), (model, set()))[1]
    for name in X.columns[[k for k in model.get_cat_feature_indices() if k < X.shape[1]]]:
        coded = [isinstance(v, str) and CODE.fullmatch(v) is not None for v in X[name]]
        if name in texts or not any(coded):
            continue
        never = (rows := X[coded]).copy(deep=False)
        never[name] = NEVER
        if (catboost_scores(model, rows) != catboost_scores(model, never)).any():
            texts.add(name)
        else:
            X[name] = [v.lstrip("0") or "0" if c else v for v, c in zip(X[name], coded, strict=True)]
    return X


def catboost_scores(model, X, prediction_type="RawFormulaVal"):
    """What a CatBoost model gives."""
    return model.predict(X, prediction_type=prediction_type, thread_count=int(os.environ.get("OMP_NUM_THREADS", "1")))


def category_places(booster, worded):
    """The places of the columns of `pandas_categorical`, which has no names; ValueError where they cannot be told.

    Columns of words are certain. Else what the model says of its features must leave one way: those declared as categories have
    codes below the length of their list, ordered ones every code of it.
    """
    lists, (declared, ranges) = booster.pandas_categorical, described(booster)
    if sum(worded) == len(lists):
        return [k for k, held in enumerate(worded) if held]

    def fits(listed, k):
        if k not in declared:
            return ranges[k] == f"[0:{len(listed) - 1}]"
        return ranges[k] == "none" or max(map(int, ranges[k].split(":"))) < len(listed)

    able = sorted(declared) if len(lists) <= len(declared) else list(range(len(ranges)))
    first, last = earliest(lists, able, fits), earliest(lists[::-1], able[::-1], fits)
    if first is None or first != last[::-1]:
        some = ", ".join(map(repr, lists[0][:3]))
        raise ValueError(
            f"the model keeps {len(lists)} lists of categories (the first: {some}) without the names of their columns, and "
            f"{sum(worded)} columns hold text; give every column that was of categories as text"
        )
    return first


def earliest(lists, places, fits):
    """For each list in turn the next place that fits it; None where they run out."""
    left = iter(places)
    found = [next((k for k in left if fits(listed, k)), None) for listed in lists]
    return None if None in found else found


@lru_cache(maxsize=4)
def described(booster):
    """What a LightGBM model says of its features: the places of those declared as categories, and the range of each."""
    lines = booster.model_to_string(num_iteration=1).splitlines()
    ranges = next(line.removeprefix("feature_infos=") for line in lines if line.startswith("feature_infos="))
    named = next((line for line in lines if line.startswith("[categorical_feature:")), "").strip("[]").partition(":")[2]
    return {int(k) for k in named.split(",") if k.strip().isdigit()}, ranges.split()


def as_category(column, listed, *, strict):
    """A column as pandas' categories of a list: 3, 3.0 and "3" are one level where the list has numbers.

    ValueError for numbers where the list has text, and where `strict` for a level that is not in it, which else is missing.
    """
    import numpy as np
    import pandas as pd

    codes, levels = pd.factorize(column)
    words = any(isinstance(c, str) for c in listed)
    some = ", ".join(map(repr, list(listed)[:3]))
    if words and len(levels) and not any(isinstance(v, str) for v in levels):
        raise ValueError(
            f"column {column.name!r} holds numbers such as {levels[0]!s}, and the model was fitted on text in it ({some}); "
            "give it as text"
        )
    place = {c: k for k, c in enumerate(listed)}
    at = [place.get(v if words else number(v), -1) for v in levels]
    if strict and -1 in at:
        raise ValueError(
            f"column {column.name!r} holds {str(levels[at.index(-1)])[:60]!r}, which is none of the categories that the model was "
            f"fitted on ({some} ...), and XGBoost scores no other"
        )
    return pd.Categorical.from_codes(np.array([*at, -1])[codes], categories=listed)


def number(level):
    """The number that a text spells; anything else as it is."""
    try:
        return float(level) if isinstance(level, str) else level
    except ValueError:
        return level


def as_spelt(X):
    """A copy in which text that spells numbers throughout is numbers, as pandas reads codes of a csv, and what is all missing NaN."""
    X = X.copy(deep=False)
    for name in X.columns[[is_text(t) for t in X.dtypes]]:
        X[name] = as_number(X[name])
    return X


def as_numbers(X):
    """A copy in which columns of objects that are all true, false or missing are 1, 0 and NaN."""
    import pandas as pd

    X = X.copy(deep=False)
    for name in X.columns[[is_text(t) for t in X.dtypes]]:
        if pd.api.types.infer_dtype(X[name], skipna=True) == "boolean":
            X[name] = X[name].astype(object).astype("boolean").astype("float64")
    return X
