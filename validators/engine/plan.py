"""What a run will do: checks, their options, and which of them cannot apply, with the reason and the way out."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..core.data import PRIOR, Role
from ..core.errors import ProjectError
from ..core.hints import nearest
from ..core.records import Check, Needs
from ..summaries.outcomes import OutcomesKind
from .trial import Trial

Suite = Literal["quick", "release"]
QUICK_ROWS = 20_000
_EXAMPLES = {
    "available_at": 'available_at = {feature = "column"}',
    "entity": 'entity = "..."',
    "key": 'key = "..."',
    "label_horizon": 'label_horizon = "90 days"',
    "label_time": 'label_time = "..."',
    "sensitive": 'sensitive = ["..."]',
}
_SCENARIOS = {
    "scenarios_of_changes": "changes features ([[change]])",
    "scenarios_of_mix": "changes the mix of the rows ([[target]])",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Checks with their options. `rows` bounds the rows of a role (by key hash); None: all of them.

    `limited` are the codes that the policy has limits for, or the command names.
    """

    suite: Suite
    checks: tuple[Check, ...]
    options: Mapping[str, Any]
    seed: int
    rows: int | None = None
    narrowed: bool = False
    limited: frozenset[str] = frozenset()

    @property
    def tests_itself(self) -> bool:
        """Whether the checks are tested too: in whole release runs."""
        return self.suite == "release" and not self.narrowed

    def unasked(self, check: Check) -> str | None:
        """Why a check that measures time is left out: nobody asks for numbers that differ between equal runs."""
        if not check.timed or check.code in self.limited:
            return None
        return f"times differ between equal runs; measured where the policy has [[limits]] for it, or with --check {check.code}"


def make_plan(
    trial: Trial,
    checks: Sequence[Check],
    *,
    suite: Suite = "release",
    only: Sequence[str] = (),
    seed: int | None = None,
    limited: Iterable[str] = (),
) -> Plan:
    """A plan; `limited` are the codes that the policy limits. Raises ProjectError for unknown codes and options, all at once."""
    codes = {c.code: c for c in checks}
    problems = [f"--check {code}: no such check; {nearest(code, codes)}" for code in only if code not in codes]
    problems += [
        f"[options.{code}]: no such check; {nearest(code, codes)}"
        for code in trial.project.options
        if code not in codes
    ]
    chosen = [
        c for c in checks if (not only or c.code in only) and (suite == "release" or not c.slow or c.code in only)
    ]
    options = {}
    for check in chosen:
        changed = trial.project.options.get(check.code, {})
        found = option_problems(check, changed)
        problems += [f"[options.{check.code}] {p}" for p in found]
        if not found:
            options[check.code] = with_options(check, changed)
    if problems:
        raise ProjectError(*problems)
    return Plan(
        suite=suite,
        checks=tuple(chosen),
        options=options,
        seed=trial.project.seed if seed is None else seed,
        rows=QUICK_ROWS if suite == "quick" else None,
        narrowed=bool(only),
        limited=frozenset({*limited, *only}),
    )


def with_options(check: Check, changed: Mapping[str, Any]) -> Any:
    """A check's options with some changed; lists become tuples."""
    if check.options is None:
        return None
    return dataclasses.replace(check.options, **{k: tuple(v) if isinstance(v, list) else v for k, v in changed.items()})


def option_problems(check: Check, changed: Mapping[str, Any]) -> list[str]:
    """Unknown names and values of the wrong type."""
    known = check.defaults
    problems = [f"has no option {k!r}; {nearest(k, known)}" for k in changed if k not in known]
    for name, value in changed.items():
        default = known.get(name)
        if default is None:
            continue
        wanted = (
            (int, float)
            if isinstance(default, float)
            else (list, tuple)
            if isinstance(default, tuple)
            else (type(default),)
        )
        if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(default, bool)):
            problems.append(f"{name} must be like {default!r}, got {value!r}")
    return problems


def why_not(check: Check, trial: Trial) -> str | None:
    """Why a check cannot apply to a trial, and how to provide what is missing; None when it can."""
    return next(_obstacles(check.needs, trial), None)


def _obstacles(needs: Needs, trial: Trial) -> Iterator[str]:
    """Everything that stands in the way, the first thing to mend first."""
    project = trial.project
    if needs.tasks and trial.task.type not in needs.tasks:
        yield f"applies to {' and '.join(needs.tasks)} tasks; this one is {trial.task.type}"
    for role in needs.roles:
        if role not in project.data:
            yield f'no {role.value} data; add {role.value} = "..." under [data]'
    if needs.one_of and not any(r in project.data or _in_snapshot(r, trial) for r in needs.one_of):
        listed = " or ".join(r.value for r in needs.one_of)
        way = "one of them" if len(needs.one_of) > 1 else f'{listed} = "..."'
        yield f"no {listed} data; add {way} under [data]"
    if PRIOR in needs.models and PRIOR not in trial.scorers:
        yield 'no prior model; add prior = "..." under [model] (or prior_prediction under [columns])'
    if needs.calls or needs.attributions:
        missing = [m for m in (needs.models or ("candidate",)) if getattr(project, m) is None]
        if missing:
            yield f'predictions only: this check must query the {missing[0]} model; add {missing[0]} = "..." under [model]'
    if needs.endpoint and project.endpoint is None:
        yield 'no scoring endpoint; add endpoint = "https://..." under [model]: where the candidate is served'
    if needs.golden and project.golden is None:
        yield 'no golden rows; add golden = "..." under [data]: a folder with rows (features and a column score) that must score the same'
    yield from _column_obstacles(needs, trial)


def _column_obstacles(needs: Needs, trial: Trial) -> Iterator[str]:
    project = trial.project
    unlabelled = [r for r in needs.roles if needs.outcomes and r in project.data and r not in trial.labelled]
    for role in unlabelled:
        yield f"{role.value} data have no outcomes (column {trial.task.target!r})"
    unscored = _unscored(needs, trial)
    yield from (
        f"{role.value} data have no predictions (column {unscored[role]!r}); write that column into them"
        for role in (*needs.roles, *needs.one_of)
        if role in unscored
    )
    if needs.time and (
        project.columns.time is None or project.columns.time not in trial.columns_of.get(needs.roles[0], ())
    ):
        yield 'no time column; name it as time = "..." under [columns]'
    if needs.one_declared and not any(getattr(project.columns, c) for c in needs.one_declared):
        yield f"no column is declared as {' or '.join(needs.one_declared)}; name one of them under [columns]"
    for declared in needs.declared:
        if hasattr(project.columns, declared):
            if not getattr(project.columns, declared):
                yield f"no column is declared as {declared}; name it under [columns] as {_EXAMPLES[declared]}"
        elif not getattr(project, declared):
            if declared in _SCENARIOS:
                yield f'no scenario {_SCENARIOS[declared]}; add scenarios = "scenarios" under [data], a folder with a .toml file each'
                continue
            yield f"nothing is declared as {declared}; add [{declared}] to the project file"


def _in_snapshot(role: Role, trial: Trial) -> bool:
    return role is Role.REFERENCE and trial.project.prior_snapshot is not None


def excused(checks: Sequence[Check], trial: Trial) -> tuple[str, ...]:
    """Checks that query a model, in a trial of stored predictions: no policy can ask for them."""
    if not trial.project.predictions_only:
        return ()
    return tuple(c.code for c in checks if c.needs.calls or c.needs.attributions)


def roles_of(check: Check, trial: Trial) -> tuple[Role, ...]:
    """Roles that a check gets: those it needs, and of the others those that are there, with the scores that it asks for."""
    listed = (*check.needs.roles, *check.needs.one_of, *check.needs.optional)
    without = _unscored(check.needs, trial)
    return tuple(r for r in dict.fromkeys(listed) if r in trial.project.data and r not in without)


def _unscored(needs: Needs, trial: Trial) -> Mapping[Role, str]:
    """Roles whose scores a check asks for, as it does with outcomes, and that lack them, by the absent column."""
    return trial.unscored if any(isinstance(kind, OutcomesKind) for kind in needs.summaries) else {}
