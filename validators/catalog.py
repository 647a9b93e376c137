"""The discovery of checks: every module of `validators.checks` defines `CHECK`; anything else stops the program."""

import importlib
import pkgutil
from functools import cache

from . import checks
from .core.records import Check, Family

HEADINGS = ("How it is measured", "Why it matters", "What to do")


class CatalogError(Exception):
    """The catalog is broken: a defect of the program, never of its input."""


@cache
def catalog() -> tuple[Check, ...]:
    """All checks, by family and code; raises CatalogError rather than leave one out."""
    found: dict[str, Check] = {}
    for module in pkgutil.iter_modules(checks.__path__):
        held = getattr(importlib.import_module(f"{checks.__name__}.{module.name}"), "CHECK", None)
        if not isinstance(held, Check):
            raise CatalogError(f"checks/{module.name}.py defines no CHECK")
        if held.code in found:
            raise CatalogError(f"code {held.code} is used by two checks")
        missing = [h for h in HEADINGS if h not in held.doc]
        if missing:
            raise CatalogError(f"{held.code}: its text lacks {missing[0]!r}")
        found[held.code] = held
    order = list(Family)
    return tuple(sorted(found.values(), key=lambda c: (order.index(c.family), c.code)))


def check_of(code: str) -> Check | None:
    """The check of a code; None if there is none."""
    return next((c for c in catalog() if c.code == code), None)


def metrics() -> dict[str, tuple[str, ...]]:
    """What every check measures: policies are held against it."""
    return {c.code: c.metrics for c in catalog()}


def families() -> dict[str, str]:
    """Family of every code."""
    return {c.code: c.family.value for c in catalog()}
