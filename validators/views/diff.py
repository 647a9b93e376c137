"""Two results documents: which verdicts differ, which measurements, what was added or removed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import fmt
from .compare import close
from .reading import Document, Record, asked, merged, results, verdict_of
from .words import OVERALL, RANK

ENDS = ("value", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckChange:
    """A check whose verdict, or how much the policy asks for it (`asked`, both sides), differs; None on the side that lacks it."""

    code: str
    title: str
    before: Record | None
    after: Record | None
    asked: tuple[str, str]

    @property
    def change(self) -> str:
        """``added``, ``removed``, ``verdict`` or ``requirement``."""
        same = _state(self.before) == _state(self.after)
        return _change(self.before, self.after, "requirement" if same else "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChange:
    """A measurement whose verdict or numbers differ; None on the side that lacks it."""

    code: str
    before: Record | None
    after: Record | None

    @property
    def either(self) -> Record:
        """The later of the two."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has at least one side")
        return found

    @property
    def change(self) -> str:
        """``added``, ``removed``, ``verdict``, ``counts`` (whether it counts in its check's verdict) or ``number``."""
        a, b = self.before, self.after
        if a is None or b is None or a["verdict"] != b["verdict"]:
            return _change(a, b, "verdict")
        return "counts" if a["counts"] != b["counts"] else "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two documents, and how much they have in common."""

    a: Document
    b: Document
    checks: tuple[CheckChange, ...] = ()
    numbers: tuple[NumberChange, ...] = ()
    all_checks: int = 0
    all_numbers: int = 0
    inputs: tuple[str, ...] = field(default=())

    @property
    def none(self) -> bool:
        """Whether every verdict, requirement and number is the same."""
        return not self.checks and not self.numbers and self.a["verdict"] == self.b["verdict"]

    @property
    def sentence(self) -> str:
        """``Failed in A, Passed in B. Of 44 checks 3 differ in verdict and 0 stand on one side only; of 1,402 measurements ...``"""
        a, b = (OVERALL[d["verdict"]].word for d in (self.a, self.b))
        overall = f"{a} on both sides" if a == b else f"{a} in A, {b} in B"
        if self.none:
            return f"{overall}. Nothing differs: {self.all_checks} checks, {fmt.count(self.all_numbers)} measurements."
        verdicts, alone = self._counts(self.checks)
        numbers, others = self._counts(self.numbers)
        kinds = [n.change for n in self.numbers]
        weighed, asked = kinds.count("counts"), [c.change for c in self.checks].count("requirement")
        needs = f", {asked} in whether the policy requires them," if asked else ""
        counts = f"{fmt.count(weighed)} in whether they count, " if weighed else ""
        return (
            f"{overall}. Of {self.all_checks} checks {verdicts} differ in verdict{needs} and {alone} stand on one side only; of "
            f"{fmt.count(self.all_numbers)} measurements {fmt.count(numbers)} differ in verdict, {counts}"
            f"{fmt.count(kinds.count('number'))} in number, and {fmt.count(others)} stand on one side only."
        )

    @staticmethod
    def _counts(changes: Sequence[CheckChange | NumberChange]) -> tuple[int, int]:
        """How many differ in verdict, and how many stand on one side only."""
        kinds = [c.change for c in changes]
        return kinds.count("verdict"), kinds.count("added") + kinds.count("removed")


def difference(a: Document, b: Document) -> Difference:
    """Compare check by check and measurement by measurement; numbers within one millionth are the same."""
    before, after = ({r["check"]: r for r in results(d)} for d in (a, b))
    codes = list(dict.fromkeys([*before, *after]))
    every = [
        CheckChange(
            code=c, title=(after.get(c) or before[c])["title"], before=before.get(c), after=after.get(c),
            asked=(_asked(a, before.get(c)), _asked(b, after.get(c))),
        )
        for c in codes
    ]  # fmt: skip
    checks = [c for c in every if _state(c.before) != _state(c.after) or c.asked[0] != c.asked[1]]
    left, right = _measured(a), _measured(b)
    keys = list(dict.fromkeys([*left, *right]))
    numbers = [
        NumberChange(code=k[0], before=left.get(k), after=right.get(k))
        for k in keys
        if not _same(left.get(k), right.get(k))
    ]
    return Difference(
        a=a, b=b, all_checks=len(codes), all_numbers=len(keys), inputs=tuple(_other_inputs(a, b)),
        checks=tuple(sorted(checks, key=_check_order)),
        numbers=tuple(sorted(numbers, key=_number_order)),
    )  # fmt: skip


def _measured(document: Document) -> dict[tuple[str, str, str], Record]:
    return {(r["check"], m["metric"], m["subject"]): m for r in results(document) for m in merged(r["measurements"])}


def _asked(document: Document, result: Record | None) -> str:
    return "" if result is None else asked(document, result)


def _check_order(held: CheckChange) -> tuple[bool, int, int]:
    return held.change == "requirement", *_order(_state(held.before)[0], _state(held.after)[0])


def _state(result: Record | None) -> tuple[str, str]:
    return ("", "") if result is None else (verdict_of(result), result["status"])


def _same(a: Record | None, b: Record | None) -> bool:
    if a is None or b is None:
        return False
    return all(a[k] == b[k] for k in ("verdict", "counts", "n")) and all(close(a[end], b[end]) for end in ENDS)


def _change(before: Record | None, after: Record | None, word: str) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else word


def _order(before: str, after: str) -> tuple[int, int]:
    """What became worse first, the worst first."""
    ranks = [RANK.index(v) if v in RANK else len(RANK) for v in (before, after)]
    return (0 if ranks[1] < ranks[0] else 1, ranks[1])


def _number_order(held: NumberChange) -> tuple[bool, bool, int, int]:
    before, after = ((m["verdict"] or "NO_LIMIT") if m else "" for m in (held.before, held.after))
    return (
        held.change not in ("verdict", "counts"),
        before in ("", "NO_LIMIT") and after in ("", "NO_LIMIT"),
        *_order(before, after),
    )


def _other_inputs(a: Document, b: Document) -> Iterator[str]:
    """Names of the inputs that are not the same on both sides."""
    if (a["project"]["id"], a["project"]["task"]) != (b["project"]["id"], b["project"]["task"]):
        yield "project or task"
    left, right = (dict(_digests(d["inputs"])) for d in (a, b))
    yield from (name for name in dict.fromkeys([*left, *right]) if left.get(name) != right.get(name))
    if a["plan"].get("seed") != b["plan"].get("seed"):
        yield "seed"
    if a["policy"]["sha256"] != b["policy"]["sha256"]:
        yield "policy"
    if a["plan"]["suite"] != b["plan"]["suite"] or a["plan"]["options"] != b["plan"]["options"]:
        yield "plan"


def _digests(inputs: Record) -> Iterator[tuple[str, str]]:
    """Every input with a digest, in words: one of several by its own name, a model's or data's with what it is."""
    for part, held in inputs.items():
        if not isinstance(held, Mapping):
            continue
        if "sha256" in held:
            yield {"project": "project file"}.get(part, part.replace("_", " ")), held["sha256"]
            continue
        words = f" {part}" if part in ("model", "data") else ""
        yield from ((f"{name}{words}", one["sha256"]) for name, one in held.items() if one)


def as_json(found: Difference) -> dict[str, Any]:
    """The difference as plain JSON: all of it, in the order of the text."""
    return {
        "a": _side(found.a),
        "b": _side(found.b),
        "inputs_that_differ": list(found.inputs),
        "checks": [
            {
                "check": c.code, "title": c.title, "change": c.change,
                "before": _checked(c.before, c.asked[0]), "after": _checked(c.after, c.asked[1]),
            }
            for c in found.checks
        ],
        "measurements": [
            {
                "check": n.code, "metric": n.either["metric"], "subject": n.either["subject"], "change": n.change,
                "before": _numbers(n.before), "after": _numbers(n.after),
            }
            for n in found.numbers
        ],
        "compared": {"checks": found.all_checks, "measurements": found.all_numbers},
    }  # fmt: skip


def _side(document: Document) -> dict[str, Any]:
    project, policy = document["project"], document["policy"]
    return {
        "project": project["id"], "version": project["version"], "run": document["run"]["id"], "verdict": document["verdict"],
        "policy": {k: policy[k] for k in ("id", "version", "sha256")},
    }  # fmt: skip


def _checked(result: Record | None, asked: str) -> dict[str, Any] | None:
    if result is None:
        return None
    return {k: result[k] for k in ("status", "verdict", "required")} | {"requirement": asked}


def _numbers(m: Record | None) -> dict[str, Any] | None:
    return None if m is None else {k: m[k] for k in ("value", "low", "high", "n", "verdict", "counts", "limits")}
