"""The way out of a name that is not known: the nearest known one, or all of them."""

import difflib
from collections.abc import Iterable

SHOWN = 12


def nearest(name: str, known: Iterable[object], *, otherwise: str = "known", most: int | None = None) -> str:
    """A clause: the known name nearest to `name`; where none is near, `otherwise` and the known ones, at `most` so many.

    Examples
    --------
    >>> nearest("incom", ("income", "age"))
    "did you mean 'income'?"
    >>> nearest("region", ("income", "age"), otherwise="it has")
    'it has: income, age'
    """
    names = [str(k) for k in known]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return (
        f"{otherwise}: {', '.join(names[:most]) or 'none'}{', ...' if most is not None and len(names) > most else ''}"
    )
