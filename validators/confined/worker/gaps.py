"""Gaps in columns of text and of true and false, and numbers spelt as text, as the encoders and imputers of a model know them.

Files have one kind of gap. pandas has None, NaN and NA, which scikit-learn's encoders take for levels of their own, and its nullable
booleans become 1, 0 and NaN there. Another kind than that of the fit is an unknown level to them, and no error. So is a code of a csv
(00501, read as text), which pandas read as the number 501 for the fit.
"""

from numbers import Real

from .columns import is_text
from .parts import parts

SEEN: dict[int, tuple[object, dict[str, str]]] = {}  # by identity, for a model need not have a hash


def with_gaps(model, X):
    """The rows with gaps, and with numbers for text that spells them, as they were in the fit, where the model's parts tell."""
    import numpy as np

    worded = [n for n, t in zip(X.columns, X.dtypes, strict=True) if is_text(t)]
    kinds = gaps_of(model) if worded else {}
    found = {}
    for name in worded:
        column = X[name]
        kind = kinds.get(str(name), "")
        if kind.startswith("number"):
            column = found[name] = each_as_number(column)
        if kind.endswith(("none", "nan")) and column.hasnans:
            found[name] = column.astype(object).where(column.notna(), None if kind.endswith("none") else np.nan)
    X = X.copy(deep=False) if found else X
    for name, column in found.items():
        X[name] = column
    return X


def as_number(column):
    """Text that spells numbers throughout as numbers, and true and false with gaps as 1, 0 and NaN; anything else as it is."""
    import pandas as pd

    if pd.api.types.infer_dtype(column, skipna=True) in ("boolean", "empty"):
        return column.astype(object).astype("boolean").astype("float64") if column.hasnans else column
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def each_as_number(column):
    """Every text that spells a number as that number, whatever the rows beside it hold; the others stay, levels that no encoder knows."""
    import pandas as pd

    spelt = pd.to_numeric(column, errors="coerce").notna() | column.isna()
    if spelt.all():
        return as_number(column)
    return column.astype(object).mask(spelt, as_number(column[spelt]).astype(object))


def gaps_of(model):
    """Per column what a gap was in the fit: "none", "nan", or "number" where its values were numbers; no entry where nothing tells.

    "number, none" is None among numbers. An encoder has gaps among its levels; what an imputer leaves (None is no gap to it where it
    fills NaN) reaches the encoder.
    """
    if id(model) not in SEEN:
        kinds: dict[str, str] = {}
        for _, part, columns, _ in parts(model):
            for name, kind in zip(columns or (), kinds_of(part), strict=False):
                if kind and not kinds.get(name, "").endswith("none"):
                    kinds[name] = kind
        SEEN[id(model)] = model, kinds
    return SEEN[id(model)][1]


def kinds_of(part):
    """What the gaps of each of its columns are to an encoder or an imputer; "" where it does not tell."""
    import numpy as np

    levels = getattr(part, "categories_", None)
    if isinstance(levels, list):
        return [kind_of(held) for held in levels]
    fills = getattr(part, "statistics_", None)
    if not isinstance(fills, np.ndarray) or not hasattr(part, "missing_values"):
        return []
    if part.missing_values is None:
        return ["none"] * len(fills)
    return ["number" if fills.dtype.kind == "f" else "nan"] * len(fills)


def kind_of(levels):
    """Of the levels that an encoder keeps of one column; an imputer of several columns hands numbers on as objects."""
    if getattr(levels, "dtype", None) is None or levels.dtype.kind != "O":
        return "number" if getattr(getattr(levels, "dtype", None), "kind", "-") in "iuf" else ""
    none = any(v is None for v in levels)
    known = [v for v in levels if v is not None and v == v]  # noqa: PLR0124
    if known and all(isinstance(v, Real) and not isinstance(v, bool) for v in known):
        return "number, none" if none else "number"
    return "none" if none else "nan" if len(known) < len(levels) else ""
