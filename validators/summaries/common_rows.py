"""Outcomes of the rows that both models scored, so that a comparison is of models and not of rows."""

from ..core.data import CANDIDATE, PRIOR, Grid
from .outcomes import Outcomes, OutcomesKind
from .row_sample import RowSample, take
from .scored_rows import scored_rows


def scored_by_both(outcomes: Outcomes, sample: RowSample, grid: Grid, kind: OutcomesKind) -> tuple[Outcomes, str]:
    """The outcomes as they are where both models scored the same rows; else those of the sample's rows that both did, and a note."""
    mine, its = (outcomes.sums[m][..., 0] for m in (CANDIDATE, PRIOR))
    if ((mine == its) & (its == outcomes.paired[..., 0])).all():
        return outcomes, ""
    rows = scored_rows(sample, grid, (CANDIDATE, PRIOR))
    note = f"{rows.n:,} of {rows.sampled:,} rows have an outcome and a usable score of both models"
    return kind.of(take(sample.rows, rows.where), grid), "; ".join(filter(None, (note, rows.note)))
