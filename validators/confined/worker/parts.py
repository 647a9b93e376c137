"""The parts of a fitted model, and the columns that enter each."""


def parts(model):
    """(place, part, columns that enter it, what an imputer before it puts in their gaps) of each part of a fitted model.

    Walks pipelines, column transformers and whatever else holds estimators; columns are None where they cannot be told.
    """
    seen = {0}

    def walk(part, place, columns, fills):
        """The part and those in it; gives the columns that leave it, with their fills."""
        if id(part) in seen or len(seen) > 2000 or not hasattr(part, "__dict__"):
            return None, None
        seen.add(id(part))
        names = getattr(part, "feature_names_in_", None)
        columns = columns if names is None else [str(n) for n in names]
        if hasattr(part, "steps"):
            for name, step in part.steps:
                if hasattr(step, "fit"):
                    columns, fills = yield from walk(step, [*place, name], columns, fills)
            return columns, fills
        if hasattr(part, "transformers_") and columns is not None:
            for name, step, chosen in part.transformers_:
                yield from walk(step, [*place, name], chosen_columns(chosen, columns), None)
            return names_out(part), None
        yield "/".join(place), part, columns, fills
        for name, child in children(part):
            yield from walk(child, [*place, name], columns, fills)
        fills = kept_numbers(part, columns).get("statistics_", fills)
        encodes = isinstance(getattr(part, "categories_", None), list)
        same = hasattr(part, "transform") and not encodes and columns is not None
        return (columns, fills) if same and getattr(part, "n_features_in_", 0) == len(columns) else (None, None)

    yield from walk(model, [], None, None)


def names_out(part):
    """Names of the columns that leave a column transformer; None where a part of it does not tell."""
    try:
        return [n.partition("__")[2] or n for n in map(str, part.get_feature_names_out())]
    except (AttributeError, TypeError, ValueError):
        return None


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
