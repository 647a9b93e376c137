"""The words of the app: families, verdicts, metrics and subjects, each named in one place."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    "PASSED": VerdictWords("Passed", "green", "✓", "Every required check that applies passed."),
}
RANK: Final = tuple(VERDICTS)
ASKED: Final[Mapping[str, str]] = {
    "always": "required", "if_roles_given": "required where it applies", "advisory": "advisory",
}  # fmt: skip

_METRICS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("metrics.toml").read_text(encoding="utf-8")
)
_LABELS = {metric: label for held in _METRICS.values() for metric, label in held.items()}
_KINDS = {metric: kind for kind, held in _METRICS.items() for metric in held}


def metric_label(metric: str) -> str:
    """A metric in words; an unknown one by its own name."""
    return _LABELS.get(metric) or metric.replace("_", " ").capitalize()


def metric_kind(metric: str) -> str:
    """How its values are written: share, count, signed or number."""
    return _KINDS.get(metric, "number")


def limits_words(limits: Sequence[Mapping[str, Any]], kind: str) -> str:
    """All limits of a measurement; two that mirror each other as one: ``attention beyond ±0.1, fail beyond ±0.2``."""
    if len(limits) == 2 and _mirrored(*sorted(limits, key=lambda held: held["worse"] == "below")):
        upper = next(held for held in limits if held["worse"] == "above")
        return limit_words({**upper, "worse": "beyond"}, kind, sign="±")
    return "; ".join(filter(None, (limit_words(held, kind) for held in limits)))


def _mirrored(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> bool:
    ends = [(upper.get(end), lower.get(end)) for end in ("warn", "fail")]
    same = all(a is b if a is None or b is None else a == -b for a, b in ends)
    return same and (upper["worse"], lower["worse"]) == ("above", "below")


def limit_words(limit: Mapping[str, Any] | None, kind: str, sign: str = "") -> str:
    """``attention above 0.15, fail above 0.3``; empty without a limit. Limits are round numbers and are never rounded."""
    if not limit:
        return ""
    named = [("attention", limit.get("warn")), ("fail", limit.get("fail"))]
    return ", ".join(f"{word} {limit['worse']} {sign}{fmt.exact(v, kind)}" for word, v in named if v is not None)
