"""What the sample projects are, in a sentence each."""

from collections.abc import Mapping
from typing import Final

BLURBS: Final[Mapping[str, str]] = {
    "lending": "Simulated loans over three years, with a prior model, production history and six planted faults: find them.",
    "credit": "Real credit scoring, good or bad payers; no dates, so the backtest cannot be run and says why.",
    "hotel": "Real hotel bookings with arrival dates: a regression of the price of a room.",
}


def blurb(name: str) -> str:
    """What a sample project is; empty for one that is not known here."""
    return BLURBS.get(name, "")
