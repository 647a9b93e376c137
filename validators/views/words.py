"""The words of the app: families, verdicts, metrics and subjects, each named in one place."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import fmt

LOGO: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 32" width="132" height="32" role="img" aria-label="Seatrial">
<path d="M15 3v17h11z" fill="#3E8ED6"/><path d="M13 7v13H5z" fill="#8A8F98"/>
<path d="M3 22h26c-2 5-6 7-13 7S5 27 3 22z" fill="#0B5CAD"/>
<text x="37" y="23" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="20" font-weight="650" fill="#3E8ED6">Seatrial</text>
</svg>"""


@dataclass(frozen=True, slots=True)
class FamilyWords:
    """Title and the one question of a family's page; `page` is its file under pages/."""

    title: str
    question: str


FAMILIES: Final[Mapping[str, FamilyWords]] = {
    "performance": FamilyWords("Performance", "Is it good enough, and does it beat the prior by more than chance?"),
    "prediction_drift": FamilyWords("Prediction drift", "Whose score or decision changes, and by how much?"),
    "feature_drift": FamilyWords("Feature drift", "Have the inputs moved since the model was tested?"),
    "importance": FamilyWords("Importance", "Does it rely on other things than the prior did?"),
    "noise": FamilyWords("Noise", "How fast does it fall when its inputs are wrong?"),
    "stress": FamilyWords("Stress", "What happens in bad times?"),
    "bias": FamilyWords("Bias", "Who is treated worse, and by how much?"),
    "quality": FamilyWords("Quality", "How much of the data is wrong, and does it matter?"),
    "leakage": FamilyWords("Leakage", "Does any input know the answer?"),
    "fit": FamilyWords("Fit", "Did it learn or memorise?"),
    "backtest": FamilyWords("Backtest", "Would it have held over time?"),
    "pipeline": FamilyWords("Pipeline", "Same row, same features, same score in production?"),
}
PAGES: Final = tuple(FAMILIES)


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a verdict is written: word, Streamlit's colour name, a sign that does without colour, and the rule in one line."""

    word: str
    colour: str
    sign: str
    rule: str


VERDICTS: Final[Mapping[str, VerdictWords]] = {
    "FAIL": VerdictWords("Fail", "red", "✕", "The whole interval is beyond the hard limit."),
    "INCONCLUSIVE": VerdictWords("Inconclusive", "violet", "?", "The interval reaches over the limit: these rows cannot tell."),
    "WARN": VerdictWords("Attention", "orange", "!", "Beyond the soft limit by more than chance."),
    "NOT_RUN": VerdictWords("Not run", "gray", "–", "An input is missing, or the check could not be run."),
    "PASS": VerdictWords("Pass", "green", "✓", "The whole interval is on the good side of the limit."),
    "NO_LIMIT": VerdictWords("No limit", "gray", "·", "Measured; the policy sets no limit on it."),
}  # fmt: skip
OVERALL: Final[Mapping[str, VerdictWords]] = {
    "FAILED": VerdictWords("Failed", "red", "✕", "A required check failed."),
    "INCOMPLETE": VerdictWords("Incomplete", "violet", "?", "A required check is inconclusive, not run or in error."),
    "WARNED": VerdictWords("Passed with attention", "orange", "!", "No required check failed; some need attention."),
    "PASSED": VerdictWords("Passed", "green", "✓", "Every required check passed."),
}
RANK: Final = tuple(VERDICTS)

_SHARES = {
    "changed_share", "decision_share_change", "monotone_violations", "ice_violations", "unstable_share", "context_share",
    "beyond_output_range", "empty_raises", "beyond_support", "beyond_range",
    "flip_rate", "flip_rate_of_class", "net_flips", "right_to_wrong", "wrong_to_right", "missing_share", "out_of_range_share",
    "missing_difference", "new_level_mass", "share_shift", "share_candidate", "share_prior", "migration", "base_rate", "accuracy",
    "precision", "recall", "specificity", "macro_recall",
    "rows_differ", "mismatch_rate", "mismatch_in_month", "explained_share", "outside_contract", "served_missing", "outside_range",
    "unknown_level_share", "not_served", "served_twice", "matched_keys", "only_served", "scores_differ", "decision_flips",
    "staler_share", "served_late_share", "unknown_age_share", "changed_scores", "golden_misses", "missing_gap", "new_level_gap",
    "loss_when_shuffled", "loss_reliance_change", "expected_rate", "observed_rate", "loss_increase", "log_loss_increase",
    "calibration_in_the_large", "curve_flip_rate", "failure_flip_rate", "broken_reaction", "wild_reaction",
    "declared_broken_reaction", "declared_wild_reaction", "overlap", "overlap_excess", "overlap_with_outcome", "repeats_in_train",
    "late_share", "unknown_time_share", "lift_share", "key_overlap", "entity_overlap", "broken_entity_split", "time_overlap",
    "broken_time_split", "structure_excess", "structure_left", "structure_by_feature", "membership_advantage",
    "month_noise",
    "noise_excess", "slice_label_gap", "suspect_share", "planted_found", "conflict_excess", "modal_share", "placeholder_share",
    "selection_rate", "tpr_gap", "fpr_gap", "equalised_odds", "group_tpr", "group_fpr", "group_ppv", "group_base_rate",
    "mixed_unit_share", "mixed_type_share", "repeated_keys", "repeated_rows", "immature_share", "near_copy_excess",
    "near_copy_excess_sampled", "near_copies", "near_copies_in_train", "missing_lift_share", "pure_share", "region_gap", "heaping_share",
    "outlier_share", "attribution_share", "near_duplicates",
    "group_observed_rate", "group_expected_rate",
}  # fmt: skip
_COUNTS = {
    "new_features",
    "absent_feature",
    "other_type",
    "extra_columns",
    "served_rows",
    "vanished_features",
    "periods_outside",
    "slice_n",
    "group_size",
    "cells",
    "identifiers",
    "fitted_on_all",
    "looks",
    "features_read",
    "copies_outcome",
    "statistics_compared",
    "true_positives",
    "false_positives",
    "true_negatives",
    "false_negatives",
    "tp",
    "fp",
    "tn",
    "fn",
}
_SIGNED = {"mean_error", "calibration_gap", "residual_gap", "prediction_gap", "cell_gap", "xauc_gap"}
_LABELS: Mapping[str, str] = {
    "average_precision": "Average precision",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "base_rate": "Base rate",
    "mean_error": "Mean error",
    "true_negatives": "True negatives",
    "false_positives": "False positives",
    "false_negatives": "False negatives",
    "true_positives": "True positives",
    "calibration_slope": "Calibration slope",
    "calibration_in_the_large": "Calibration in the large",
    "calibration_error": "Calibration error",
    "expected_rate": "Expected rate",
    "observed_rate": "Observed rate",
    "miscalibration": "Miscalibration part of the loss",
    "discrimination": "Discrimination part of the loss",
    "uncertainty": "Uncertainty part of the loss",
    "spiegelhalter_z": "Spiegelhalter z",
    "largest_excess": "Largest excess loss, over all slices",
    "slice_calibration": "Observed minus expected in the slice",
    "prior_slice_excess_loss": "Excess loss of a slice, prior",
    "prior_slice_loss": "Loss of the slice, prior",
    "prior_slice_calibration": "Observed minus expected in the slice, prior",
    "prior_slice_auc_gap": "AUC below the whole, prior",
    "slice_n": "Rows in the slice",
    "right_to_wrong": "Right to wrong",
    "wrong_to_right": "Wrong to right",
    "concordance": "Concordance",
    "kendall_tau": "Kendall's tau",
    "migration": "Rows in this pair of score bands",
    "missing_share": "Missing scores",
    "out_of_range_share": "Scores out of range",
    "total_variation": "Total variation",
    "direction": "Direction of the feature",
    "direction_of_prior": "Direction of the feature, prior",
    "sign_reversal": "Directions that turned round",
    "feature_rms_change": "Change of the score by one feature (SD)",
    "declared_broken_reaction": "Scores broken by input declared as impossible",
    "declared_wild_reaction": "Scores wild on input declared as impossible",
    "overdispersion": "Overdispersion",
    "diebold_mariano": "Diebold-Mariano",
    "auc": "AUC",
    "auc_loss": "AUC lost against the prior",
    "auc_loss_delong": "AUC lost against the prior, DeLong",
    "auc_ovr": "AUC, one class against the rest",
    "ks": "KS distance",
    "gini": "Gini",
    "lift": "Lift of the top tenth",
    "macro_f1": "F1, mean over classes",
    "macro_recall": "Recall, mean over classes",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "f1": "F1",
    "psi": "PSI",
    "wasserstein": "Wasserstein distance",
    "wasserstein_sigma": "Wasserstein distance (robust sigma)",
    "jensen_shannon": "Jensen-Shannon distance",
    "cramers_v": "Cramér's V, corrected",
    "limit_of_agreement": "Limit of agreement",
    "log_loss": "Log-loss",
    "brier": "Brier score",
    "shift_sigma": "Shift (sigma)",
    "latest_shift_sigma": "Shift of the latest periods (sigma)",
    "shift_sigma_of_class": "Shift within true class (sigma)",
    "c2st_auc": "AUC of telling test from reference",
    "c2st_p": "Shuffles that tell as much (p)",
    "flip_rate": "Decisions that flip",
    "flip_rate_of_class": "Decisions that flip",
    "net_flips": "Net flips",
    "mean_change_sd": "Mean change of the score (SD)",
    "mean_absolute_change_sd": "Mean absolute change of the score (SD)",
    "rms_change_sd": "RMS change of the score (SD)",
    "missing_difference": "Missing, difference",
    "new_level_mass": "Rows with a level that the reference did not have",
    "loss_increase": "Loss against the prior",
    "log_loss_increase": "Log-loss against the prior",
    "share_shift": "Shift of the share of attributions",
    "share_candidate": "Share, candidate",
    "share_prior": "Share, prior",
    "break_size": "Largest break",
    "decay_per_year": "Lost per year",
    "decay_per_year_robust": "Lost per year, single periods cannot pull",
    "years_to_fall": "Years until the loss is reached",
    "periods_outside": "Periods beyond the funnel",
    "period_score": "Score of the period",
    "score_lost": "Lost from test to production",
    "score_lost_of_prior": "Lost from test to production, prior",
    "slice_excess_loss": "Excess loss of a slice",
    "slice_auc_gap": "AUC below the whole",
    "slice_loss": "Loss of the slice",
    "ladder_score": "Score on the ladder",
    "shortfall_dummy": "Behind the dummy",
    "shortfall_simple": "Behind the simple model",
    "shortfall_boosted": "Behind the boosted model",
    "excess_rms": "Change beyond the prior's (SD)",
    "rms_change": "Change of the score (SD)",
    "ripple_ratio": "Ripple ratio",
    "broken_reaction": "Scores broken",
    "wild_reaction": "Scores wild",
    "curve_flip_rate": "Decisions that flip",
    "curve_quality_lost": "Quality lost",
    "quality_lost": "Quality lost",
    "curve_rms_change": "Change of the score (SD)",
    "failure_rms_change": "Change of the score (SD)",
    "failure_flip_rate": "Decisions that flip",
    "rank_overlap": "Overlap of the rankings",
    "rank_overlap_floor": "Overlap that chance alone leaves",
    "new_features": "Features that only the candidate uses",
    "vanished_features": "Features that only the prior uses",
    "loss_when_shuffled": "Loss added when shuffled",
    "loss_reliance_change": "Loss added when shuffled, candidate minus prior",
    "month_noise": "Wrong labels of the month beyond the others",
    "noise_excess": "Wrong labels of train beyond the other role",
    "slice_label_gap": "Labels of the slice that the roles call differently",
    "suspect_share": "Labels that confident learning doubts",
    "planted_found": "Planted flips that it finds",
    "conflict_excess": "Conflicts of equal rows beyond expectation",
    "modal_share": "Rows in the most frequent value",
    "all_missing": "Without any value",
    "placeholder_share": "Rows with a placeholder",
    "mixed_unit_share": "Rows in another unit",
    "mixed_type_share": "Values of the rarer kind",
    "repeated_keys": "Rows with a repeated key",
    "repeated_rows": "Rows that repeat",
    "immature_share": "Outcomes read too early",
    "quality_mature_rows": "Quality on mature rows",
    "nearest_relative": "Rank correlation with the nearest relative",
    "score_of_role": "Score of the role",
    "train_test_gap": "Train above test",
    "membership_advantage": "What the loss of a row tells about its being in train",
    "score_lost_to_refit": "Score lost to the best refit",
    "score_lost_to_prior": "Score lost to the prior",
    "score_of_model": "Score of the model",
    "structure_excess": "Structure left beyond what our own learner leaves",
    "structure_left": "Structure left in the residuals",
    "structure_by_feature": "Structure left, one feature alone",
    "overlap_excess": "Test rows in train, beyond what repeats by itself",
    "overlap": "Test rows in train",
    "overlap_with_outcome": "Test rows in train, with the same outcome",
    "repeats_in_train": "Rows that repeat inside train",
    "quality_all_rows": "Quality on all test rows",
    "quality_without_shared": "Quality on the test rows that train does not have",
    "quality_without_late": "Quality on the test rows without a late value",
    "late_share": "Values known after the decision",
    "unknown_time_share": "Rows that lack one of the two times",
    "lift_share": "Share of the model's gain that the feature reaches alone",
    "quality_alone": "Quality of the feature alone",
    "quality_refitted": "Quality of our own learner with all features",
    "quality_without": "Quality of our own learner without the feature",
    "looks": "Candidates measured on this test data",
    "heaping_share": "Multiples of ten beyond chance",
    "outlier_share": "Far values",
    "stale_days": "Days without a change",
    "attribution_share": "Share of the attributions",
    "features_read": "Features read",
    "near_duplicates": "Rows with a near copy in their role",
    "missing_lift_share": "Share of the model's gain that the pattern of gaps reaches",
    "missing_lift": "Gain of the gaps alone",
    "key_lift": "Gain of the number in the key",
    "clock_lift": "Gain of minute and second",
    "quality_without_gaps": "Quality of our own learner without the features whose gaps predict",
    "copies_outcome": "Copies of the outcome",
    "pure_share": "Rows in values of one class only",
    "told_apart": "AUC of telling train from other rows",
    "region_gap": "Loss on test above train, inside a region",
    "curve_score": "Score of our own learner by rows of train",
    "gain_at_twice": "Gain expected of twice the rows",
    "near_copy_excess": "Test rows with a near copy in train, beyond what repeats by itself",
    "near_copy_excess_sampled": "Near copies beyond what repeats by itself, in a part of train",
    "near_copies": "Test rows with a near copy in train",
    "near_copies_in_train": "Training rows with a near copy",
    "quality_without_near": "Quality on the test rows without a near copy",
    "fitted_on_all": "Stored statistics that equal those of train and test together",
    "statistics_compared": "Stored statistics that could be compared",
    "identifiers": "Features that look like identifiers",
    "identifier_lift": "Gain of the identifier alone",
    "key_overlap": "Test rows whose key train holds",
    "entity_overlap": "Test rows whose entity train holds",
    "broken_entity_split": "Test rows whose entity train holds, though declared apart",
    "time_overlap": "Test rows from before the end of train",
    "broken_time_split": "Test rows from before the end of train, though declared apart",
    "group_size": "Rows in the group",
    "selection_rate": "Favourable decisions",
    "selection_ratio": "Favourable decisions, ratio to the reference",
    "tpr_gap": "True positive rate, gap to the reference",
    "fpr_gap": "False positive rate, gap to the reference",
    "equalised_odds": "Largest gap of error rates between two groups",
    "group_tpr": "True positive rate",
    "group_fpr": "False positive rate",
    "group_ppv": "Precision",
    "group_base_rate": "Positive outcomes",
    "calibration_gap": "Observed beyond expected, gap to the reference (SD)",
    "group_slope": "Calibration slope of the group",
    "group_observed_rate": "Observed rate",
    "group_expected_rate": "Expected rate",
    "residual_gap": "Mean residual, gap to the reference (SD)",
    "xauc_gap": "Cross-group AUC, gap to the reference",
    "xauc": "AUC of the group's positives against the reference's negatives",
    "group_auc": "AUC inside the group",
    "prediction_gap": "Mean prediction, gap to the reference (SD)",
    "group_rmse": "RMSE of the group",
    "cell_ratio": "Favourable decisions of a combination, ratio to all others",
    "cell_gap": "Mean residual of a combination, gap to all others (SD)",
    "cells": "Combinations of groups",
    "proxy_auc": "AUC of telling the group from the features",
    "score_auc": "AUC of telling the group from the score",
    "proxy_feature_auc": "AUC of telling the group from one feature",
    "worst_excess": "Excess loss of the worst tenth",
    "curve_worst_excess": "Excess loss of the worst",
    "monotone_violations": "Rows that step against the declared direction",
    "largest_violation": "Largest step against the declared direction",
    "ice_violations": "Rows that step the wrong way here",
    "beyond_output_range": "Scores out of range",
    "unstable_share": "Rows whose score is not the same twice",
    "context_share": "Rows whose score depends on their company",
    "empty_raises": "Raises on an empty frame",
    "changed_share": "Rows that the scenario changes",
    "mean_score_change": "Change of the mean score",
    "decision_share_change": "Change of the share called positive",
    "quality_under": "Quality under the scenario",
    "beyond_support": "Rows far from every row of train",
    "beyond_range": "Rows outside the range of train",
    "absent_feature": "Features that are not served",
    "other_type": "Features of another type",
    "extra_columns": "Columns that only serving has",
    "outside_contract": "Served rows that break the contract",
    "served_missing": "Missing in serving",
    "outside_range": "Served outside the range of test",
    "unknown_level_share": "Served levels that test does not have",
    "not_served": "Test keys that are not served",
    "served_twice": "Keys that are served more than once",
    "matched_keys": "Test keys that are served",
    "only_served": "Keys that only serving has",
    "rows_differ": "Rows that differ in any feature",
    "mismatch_rate": "Rows that differ",
    "mismatch_in_month": "Rows that differ in the month",
    "explained_share": "Differing rows that the cause explains",
    "unit_factor": "Served over research",
    "offset": "Served minus research",
    "research_value": "Research value (median of the bin)",
    "served_value": "Served value (median of the bin)",
    "decision_flips": "Decisions that differ in production",
    "scores_differ": "Scores that differ in production",
    "largest_score_change": "Largest difference of a score",
    "score_change_q99": "Difference of scores, 99th percentile",
    "staler_share": "Rows that are served an older value",
    "served_late_share": "Rows that are served a value from after the decision",
    "unknown_age_share": "Rows of unknown age",
    "age_days_test": "Median age in test (days)",
    "age_days_serving": "Median age in serving (days)",
    "oldest_days_serving": "Oldest in serving (days)",
    "changed_scores": "Scores that change with the way of asking",
    "golden_misses": "Golden rows that score otherwise",
    "golden_largest": "Largest difference on golden rows",
    "scale_factor_found": "Quantiles a unit factor away",
    "quantile_ratio": "Served quantiles over those of test",
    "missing_gap": "Missing, serving minus test",
    "new_level_gap": "Rows with a level that test does not have",
    "served_rows": "Served rows",
    "mcnemar": "McNemar",
    "stuart_maxwell": "Stuart-Maxwell",
}


def metric_label(metric: str) -> str:
    """A metric in words; an unknown one by its own name."""
    return _LABELS.get(metric) or metric.replace("_", " ").capitalize()


def metric_kind(metric: str) -> str:
    """How its values are written: share, count, signed or number."""
    if metric in _SHARES:
        return "share"
    if metric in _COUNTS:
        return "count"
    return "signed" if metric in _SIGNED else "number"


_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]')


def split(text: str, separator: str) -> list[str]:
    """Split outside JSON strings."""
    parts, held, at = [], "", 0
    while at < len(text):
        if text.startswith(separator, at):
            parts.append(held)
            held, at = "", at + len(separator)
            continue
        piece = _PIECES.match(text, at)
        taken = piece.group() if piece else text[at]
        held += taken
        at += len(taken)
    return [*parts, held]


def atoms(subject: str) -> dict[str, str]:
    """Atoms of a subject by kind: ``{"feature": "age", "rows": "gaussian_0.1"}``; names are as the project writes them."""
    found: dict[str, str] = {}
    for atom in split(subject, " | "):
        kind, _, rest = atom.partition(":")
        found[kind] = _name(rest) if kind in ("feature", "class") else rest
    return found


def _name(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def subject_words(subject: str) -> str:
    """A subject as people write it: ``age < 25 & region = EU``, ``income · 2025-03``."""
    return " · ".join(words for kind, text in atoms(subject).items() if (words := _atom_words(kind, text)))


def _atom_words(kind: str, text: str) -> str:
    if kind == "model":
        return "model"
    if kind == "features":
        return ", ".join(_name(n) for n in split(text, ","))
    if kind == "slice":
        return " & ".join(_term(t) for t in split(text, " & "))
    if kind == "group":
        return " & ".join(" = ".join(_name(p) for p in split(t, "=")) for t in split(text, " & "))
    if kind == "period":
        return period_words(text)
    if kind == "class":
        return f"class {text}"
    if kind == "rows":
        return rows_words(text)
    return text


_TERM = re.compile(r'^("(?:[^"\\]|\\.)*"|[^=!<>]+?)\s*(==|!=|<=|>=|<|>| in )\s*(.*)$')


def _term(text: str) -> str:
    found = _TERM.match(text)
    if found is None:
        return text
    name, operator, value = found.groups()
    if value == "null":
        return f"{_name(name)} missing" if operator == "==" else f"{_name(name)} present"
    sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(operator, operator.strip())
    return f"{_name(name)} {sign} {_name(value)}"


def period_words(text: str) -> str:
    """``2025-01`` for a whole month, else both days."""
    start, _, end = text.partition("..")
    if start[:7] == end[:7] and start.endswith("-01") and end[8:] in ("28", "29", "30", "31"):
        return start[:7]
    return f"{start} to {end}"


def rows_words(word: str) -> str:
    """``bin_03`` as bin 3, ``gaussian_0.1`` as gaussian 0.1."""
    return " ".join(p.lstrip("0") or "0" if p.isdigit() else p for p in word.split("_"))


def limit_words(limit: Mapping[str, Any] | None, kind: str) -> str:
    """``attention above 0.15, fail above 0.3``; empty without a limit. Limits are round numbers and are never rounded."""
    if not limit:
        return ""
    named = [("attention", limit.get("warn")), ("fail", limit.get("fail"))]
    return ", ".join(f"{word} {limit['worse']} {fmt.exact(v, kind)}" for word, v in named if v is not None)
