"""Two runs of the same thing, number by number."""

from dataclasses import dataclass

from .reading import Document, results
from .subject_words import subject_words

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many numbers two documents have in common, and the differences in words (the first twenty)."""

    numbers: int
    same: int
    verdicts_same: bool
    differences: tuple[str, ...]
    inputs_same: bool = True

    @property
    def sentence(self) -> str:
        """``Same numbers: 1,234 of 1,234 agree within 1e-6, and so do all verdicts.``"""
        if not self.inputs_same:
            return "Not comparable: the project, a model or the data are not those of the other run."
        word = "Same numbers" if self.same == self.numbers and self.verdicts_same else "Not the same"
        verdicts = "and so do all verdicts" if self.verdicts_same else "but not all verdicts do"
        return f"{word}: {self.same:,} of {self.numbers:,} agree within {TOLERANCE:g}, {verdicts}."


def compare(expected: Document, actual: Document) -> Comparison:
    """Compare every value and interval end of two documents, and every verdict."""
    a, b = _numbers(expected), _numbers(actual)
    keys = list(dict.fromkeys([*a, *b]))
    wrong = [k for k in keys if k not in a or k not in b or not close(a[k], b[k])]
    words = [
        f"{k[0]} {k[1]} {subject_words(k[2])}, {k[3]}: {a.get(k, 'nothing')} and {b.get(k, 'nothing')}"
        for k in wrong[:20]
    ]
    verdicts = [{r["check"]: (r["status"], r["verdict"]) for r in results(d)} for d in (expected, actual)]
    inputs = expected["inputs"] == actual["inputs"]
    return Comparison(len(keys), len(keys) - len(wrong), verdicts[0] == verdicts[1], tuple(words), inputs)


def _numbers(document: Document) -> dict[tuple[str, str, str, str], float | None]:
    return {
        (r["check"], m["metric"], m["subject"], end): m[end]
        for r in results(document)
        for m in r["measurements"]
        for end in ("value", "low", "high")
    }


def close(a: float | None, b: float | None) -> bool:
    """Whether two numbers agree within one millionth; an undefined one agrees with an undefined one only."""
    if a is None or b is None:
        return a is b
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))
