"""Nulls and faults by the names under which checks ask for them: the self-test and the benchmark on the samples use the same ones."""

from collections.abc import Mapping

from . import planted_answers as answers
from . import planted_clues as clues
from . import planted_fit as fit
from . import planted_groups as groups
from . import planted_quality as quality
from . import planted_reasons as reasons
from . import planted_rows as rows
from . import planted_scores as scores
from . import planted_serving as serving
from . import puppets, worlds
from .worlds import Fault, Null

NULLS: Mapping[str, Null] = {
    f.__name__: f
    for f in (
        worlds.exchanged, worlds.swapped, worlds.copied, worlds.redrawn, worlds.shuffled_in_time, worlds.usable, worlds.keyed,
        groups.regrouped, serving.served, serving.halves, quality.matured, quality.in_time, quality.apart, quality.smooth,
        quality.outcomes_dealt, puppets.steady, reasons.reasons_swapped, reasons.as_declared,
        answers.recalled, answers.as_constrained, answers.as_written, answers.kept_of_train, worlds.first_look, clues.features_dealt,
        fit.redrawn_alone,
    )
}  # fmt: skip
FAULTS: Mapping[str, Fault] = {
    f.__name__: f
    for f in (
        rows.feature_shift, rows.area_shift, rows.latest_shift, rows.missing_values, rows.new_levels, rows.copied_rows,
        rows.repeated_keys, rows.near_copies_of_train, rows.rows_again,
        scores.score_shift, scores.score_offset, scores.decision_flips, scores.one_way_flips,
        scores.unusable_scores, scores.ranking_lost, scores.ranking_lost_late, scores.loss_increase, scores.slope,
        scores.flat_slope, scores.level_off, scores.slice_loss,
        groups.found_less_often, groups.chosen_less_often, groups.outcomes_above, groups.outcomes_above_in_a_cell,
        quality.read_too_early, quality.copied_keys, quality.placeholders, quality.two_units,
        quality.serial_numbers, quality.mixed_types, quality.emptied_feature, quality.outcome_copied,
        serving.other_values, serving.scaled_feature, serving.other_scores, serving.dropped_keys,
        puppets.flips_under_noise, puppets.ranking_lost_under_noise, puppets.touchy_feature, puppets.wild_answer,
        puppets.broken_answer, fit.structure_left, fit.worst_tenth,
        fit.hidden_slice_excess, reasons.share_moved, reasons.against_declared,
        answers.other_when_asked_again, answers.other_in_company, answers.against_constraint, answers.golden_otherwise,
        answers.kept_of_all, worlds.looked_before,
        clues.told_by_a_feature, clues.told_by_gaps, clues.behind_simple,
        serving.stale_values, serving.values_of_later, serving.absent_column, serving.other_type,
    )
}  # fmt: skip


def words(name: str) -> str:
    """The first sentence of a null's or fault's description; the name of one that this version does not know."""
    held = {**NULLS, **FAULTS}.get(name)
    text = (held.__doc__ or "").split("\n\n")[0].strip() if held else name.replace("_", " ")
    return " ".join(text.split()).replace("`size`", "that much")
