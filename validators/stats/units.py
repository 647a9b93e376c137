"""Factors between units of measurement, and the one that a number is."""

import numpy as np

FACTORS: tuple[tuple[float, str], ...] = (
    (12.0, "months and years"),
    (60.0, "seconds and minutes, or minutes and hours"),
    (24.0, "hours and days"),
    (7.0, "days and weeks"),
    (52.0, "weeks and years"),
    (365.25, "days and years"),
    (365.0, "days and years"),
    (3600.0, "seconds and hours"),
    (86_400.0, "seconds and days"),
    (2.54, "centimetres and inches"),
    (0.45359237, "kilograms and pounds"),
    (1.609344, "kilometres and miles"),
    (0.3048, "metres and feet"),
    (0.09290304, "square metres and square feet"),
    (3.6, "km/h and m/s"),
    (3.785411784, "litres and gallons"),
    (28.349523125, "grams and ounces"),
    (1024.0, "bytes and KiB"),
)
NEAR = 5e-4


def named_factor(factor: float, *, near: float = NEAR) -> tuple[float, str]:
    """The unit factor that a number is within 0.05 % of (or `near`), and its words; itself and "" where it is none."""
    size = abs(factor)
    power = round(float(np.log10(size))) if size > 0 else 0
    if power and abs(size / 10.0**power - 1) < near:
        return float(np.sign(factor)) * 10.0**power, "a power of ten"
    for unit, words in FACTORS:
        for exact in (unit, 1 / unit):
            if abs(size / exact - 1) < near:
                return float(np.sign(factor)) * exact, words
    return factor, ""


def nearest_unit(ratio: float) -> float:
    """The known factor nearest to a ratio that rounding may have blurred by up to 2 %."""
    if not np.isfinite(ratio) or ratio == 0:
        return ratio
    known = [f for unit, _ in FACTORS for f in (unit, 1 / unit)] + [10.0**k for k in range(-9, 10) if k]
    near = min(known, key=lambda f: abs(np.log(abs(ratio) / f)))
    return float(np.sign(ratio)) * near if abs(abs(ratio) / near - 1) < 0.02 else ratio
