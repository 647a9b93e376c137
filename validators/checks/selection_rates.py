"""BIA101: how often does each group get the favourable decision?

How it is measured
------------------
First the size of every group of every declared sensitive column (a missing value is a group, numbers are cut into bands near
their quartiles). Then the share of each group that gets the favourable decision (`favourable` of the project file; score against
the threshold, or the most probable class), on all scored rows, with Wilson's interval. `selection_ratio` is that share over the
share of the reference, the largest group of the column; the reference itself is set against all other groups. Its interval is
Koopman's score interval, where rows depend on each other on so few that the variance is the jackknife's, and holds for all ratios
together (max-T). Which decision is favourable cannot be known from the data: where the project does not say, no ratio is judged. A
column with one group only, and a group of which no row is scored, has no ratio, and the check cannot pass.

Why it matters
--------------
Who is turned down more often asks why. A ratio of four fifths is a rule of thumb of one country's employment guidelines; beside
its interval it says how far apart the groups are and whether these rows can tell. It decides no question of law.

What to do
----------
Compare with the groups' outcomes (BIA102, BIA103): a model can be right about groups that differ. If it is not, look for proxies
(BIA105), labels that mean something else in one group, and cut-offs. Small groups need more rows, not a verdict.

Sources
-------
29 CFR 1607.4(D) (four fifths); Koopman (1984), Biometrics 40, 513-517; Morris & Lobsenz (2000), Personnel Psychology 53, 89-111,
on rule and test disagreeing by n; Hothorn, Bretz & Westfall (2008), Biometrical Journal 50, 346-363.
"""

from collections.abc import Iterator

import numpy as np

from ..core import subjects
from ..core.data import CANDIDATE, Role
from ..core.records import Check, Family, Given, Measurement, Needs, Plant
from ..summaries.decisions import cut_words, decided_rows, favourable_class, predicted
from ..summaries.group_counts import Counts, counts_of, rate_of
from ..summaries.group_rates import Pair, compared, pair_of
from ..summaries.groups import GroupOptions, Partition, contrasts, group_sizes, partitions, undivided
from ..summaries.row_sample import RowSample, RowSampleKind

SAMPLE = RowSampleKind()
UNDECLARED = "which decision is favourable is not declared; add favourable = ... under [task]"


def selection_rates(given: Given) -> Iterator[Measurement]:
    """Sizes, rates and ratios of all groups."""
    sample: RowSample = given.summary(Role.TEST, SAMPLE)
    rows, options = decided_rows(sample, given.grid, CANDIDATE), given.options
    if rows.n == 0:
        yield Measurement(
            metric="selection_ratio", subject=subjects.MODEL, value=None, n=0, note="no row has a usable score"
        )
        return
    chosen, wanted = predicted(rows, given.task, CANDIDATE), favourable_class(given.task)
    pairs: list[Pair] = []
    for whole in partitions(sample.rows, options):
        part = whole.only(rows.where)
        yield from group_sizes(part, rows.note)
        for k, label in enumerate(given.task.classes):
            if wanted is not None and k != wanted:
                continue
            counts = counts_of(rows, part, chosen == k)
            atom = () if wanted is not None else (subjects.class_of(label),)
            yield from _rates(part, counts, atom, options, f"{given.task.target} = {label}{cut_words(given.task)}")
            if k == wanted:
                yield from undivided(part, "selection_ratio")
                pairs += [
                    pair_of("selection_ratio", "ratio", part, c, counts, note=rows.note)
                    for c in contrasts(part, options)
                ]
            elif wanted is None and k == 0 and given.task.type == "binary":
                yield from _unjudged(part)
    yield from compared(pairs, confidence=options.confidence, min_cell=options.min_cell, rng=given.rng)


def _rates(
    part: Partition, counts: Counts, atom: tuple[str, ...], options: GroupOptions, words: str
) -> Iterator[Measurement]:
    for k in range(len(part)):
        subject = subjects.join(part.subject(k), *atom)
        mine = counts.of(np.arange(len(part)) == k)
        yield rate_of("selection_rate", subject, mine, min_cell=options.min_cell, note=f"decided as {words}")


def _unjudged(part: Partition) -> Iterator[Measurement]:
    for k, size in enumerate(part.sizes()):
        yield Measurement(metric="selection_ratio", subject=part.subject(k), value=None, n=int(size), note=UNDECLARED)


CHECK = Check(
    code="BIA101",
    family=Family.BIAS,
    title="Selection rates by group",
    metrics=("selection_ratio", "selection_rate", "group_size"),
    needs=Needs(
        roles=(Role.TEST,),
        summaries=(SAMPLE,),
        models=(CANDIDATE,),
        tasks=("binary", "multiclass"),
        declared=("sensitive",),
    ),
    measure=selection_rates,
    doc=__doc__,
    plants=(
        Plant(metric="selection_ratio", fault="chosen_less_often", null="regrouped", replicates=10, worse="below"),
    ),
    options=GroupOptions(),
)
