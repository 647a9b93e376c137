"""What the parts of a fitted model keep of the rows that they were fitted on."""

from .answers import plain
from .parts import kept_numbers, parts


def fitted_statistics(model):
    """Numbers and levels that the parts of a model keep of the rows that they were fitted on, with the columns they belong to.

    Each part gives its class, its place, its columns, what an imputer before it puts in their gaps, its vectors with one number per
    column, and its levels.
    """
    found = []
    for place, part, columns, fills in parts(model):
        kept = {"place": place, "class": type(part).__name__, "columns": columns, "fills": fills}
        kept["numbers"], kept["levels"] = kept_numbers(part, columns), kept_levels(part)
        mean = vars(part).get("target_mean_")
        kept["target_mean"] = float(mean) if isinstance(mean, float) and mean == mean else None  # noqa: PLR0124
        if columns is not None and (kept["numbers"] or kept["levels"] or kept["target_mean"] is not None):
            found.append(kept)
    return found[:500]


def kept_levels(part):
    """Levels per column that an encoder knows, where there are at most 2,000."""
    held = getattr(part, "categories_", None) or []
    return [[None if v != v else plain(v) for v in levels] if len(levels) <= 2000 else None for levels in held]  # noqa: PLR0124
