"""Results documents made by hand: every metric that the views know, every verdict and status, and one that nobody knows."""

from itertools import pairwise
from typing import Any

PRIOR = " | rows:prior"


def limit(warn: float | None, fail: float | None, worse: str = "above") -> dict[str, Any]:
    return {"warn": warn, "fail": fail, "worse": worse, "null": 0.0}


def m(metric: str, subject: str, value: float | None, **more: Any) -> dict[str, Any]:
    """A measurement; without `low` and `high` it has no interval."""
    held = {
        "metric": metric, "subject": subject, "value": value, "low": None, "high": None, "level": 0.95, "method": "by hand",
        "n": 1000, "n_eff": None, "size": None, "minor": False, "note": "", "limit": None, "counts": True, "verdict": None,
        "mde": None,
    }  # fmt: skip
    return held | more


def ranged(metric: str, subject: str, value: float, half: float, **more: Any) -> dict[str, Any]:
    return m(metric, subject, value, low=value - half, high=value + half, **more)


def r(check: str, family: str, verdict: str | None, measured: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    held = {
        "check": check, "family": family, "title": f"Title of {check}", "status": "MEASURED", "reason": "", "seconds": 0.01,
        "required": True, "verdict": verdict, "measurements": measured,
    }  # fmt: skip
    return held | more


def skipped(check: str, family: str, reason: str, status: str = "NOT_APPLICABLE") -> dict[str, Any]:
    return r(check, family, None, [], status=status, reason=reason)


def performance() -> list[dict[str, Any]]:
    metrics = [
        ranged(k, s, v, 0.02)
        for k, v in (("auc", 0.84), ("gini", 0.68), ("accuracy", 0.8))
        for s in ("model", "model" + PRIOR)
    ]
    bins = [
        x
        for i in range(1, 4)
        for x in (
            m("expected_rate", f"rows:bin_{i:02d}", 0.2 * i, n=300),
            ranged("observed_rate", f"rows:bin_{i:02d}", 0.21 * i, 0.05, n=300),
        )
    ]
    slope = [
        ranged("calibration_slope", "model", 1.0, 0.3, limit=limit(0.8, 0.67, "below"), verdict="INCONCLUSIVE", mde=0.4,
               note="cannot exclude calibration_slope below 0.8; about 2,250 rows would settle it"),
        ranged("calibration_slope", "model", 1.0, 0.3, limit=limit(1.25, 1.5), verdict="INCONCLUSIVE", mde=0.4),
    ]  # fmt: skip
    ladder = [m("ladder_score", s, v) for s, v in (("model", 0.84), ("rows:dummy", 0.5), ("rows:simple", 0.8))]
    behind = ranged("shortfall_simple", "model", -0.04, 0.01, limit=limit(0.0, 0.02), verdict="PASS")
    held = limit(0.25, 0.75)
    slices = [
        ranged("slice_excess_loss", "slice:age<25 & region==EU", 1.2, 0.2, n=240, limit=held, verdict="FAIL"),
        ranged(
            "slice_excess_loss", 'slice:"a | b"==null', 0.1, 0.4, n=20, limit=held, verdict="INCONCLUSIVE", counts=False
        ),
        ranged("slice_loss", "slice:age<25 & region==EU", 0.6, 0.1, n=240),
        ranged("prior_slice_excess_loss", "slice:age<25 & region==EU" + PRIOR, 0.3, 0.2, n=240),
    ]
    return [
        r("PRF101", "performance", None, [*metrics, m("rmse", "model", 12.5)]),
        r("PRF102", "performance", "PASS",
          [ranged("auc_loss", "model", -0.002, 0.004, limit=limit(0.01, 0.03), verdict="PASS", mde=0.006)]),
        r("PRF103", "performance", "INCONCLUSIVE", [*slope, *bins]),
        r("PRF104", "performance", "PASS", [*ladder, behind]),
        r("PRF201", "performance", "FAIL", slices),
    ]  # fmt: skip


def prediction_drift() -> list[dict[str, Any]]:
    bands = [
        m("migration", f"rows:band_{i:02d}_to_{j:02d}", 0.4 if i == j else 0.1, n=500) for i in (1, 2) for j in (1, 2)
    ]
    flips = [
        ranged("flip_rate", "model", 0.12, 0.01, limit=limit(0.1, 0.2), verdict="WARN"),
        ranged("flip_rate_of_class", "model | class:1", 0.1, 0.02),
        ranged("mean_change_sd", "model", 0.02, 0.02, limit=limit(0.1, 0.25), verdict="PASS"),
    ]
    return [
        r("PRD101", "prediction_drift", "WARN", [*flips, *bands]),
        skipped("PRD102", "prediction_drift", "no reference data; add one of them under [data]"),
    ]


def feature_drift() -> list[dict[str, Any]]:
    held = limit(0.15, 0.3)
    shifts = [
        ranged("shift_sigma", "feature:income", 0.44, 0.07, limit=held, verdict="FAIL"),
        ranged("shift_sigma", 'feature:"<b>bold</b> name"', 0.05, 0.05, limit=held, verdict="PASS"),
        m("shift_sigma", "feature:new", None, limit=held, verdict="INCONCLUSIVE", note="new feature", n=0),
    ]
    months = ["2025-01-01", "2025-02-01", "2025-03-01"]
    by_period = [
        ranged("shift_sigma", f"feature:income | period:{a}..{b}", 0.2, 0.1)
        for a, b in pairwise([*months, "2025-04-01"])
    ]
    missing = ranged("missing_difference", "feature:income", 0.02, 0.01, limit=limit(0.01, 0.05), verdict="WARN")
    return [
        r("DRF101", "feature_drift", "FAIL", shifts),
        r("DRF102", "feature_drift", "WARN", [missing]),
        r("DRF103", "feature_drift", "FAIL", [ranged("c2st_auc", "model", 0.62, 0.01, limit=limit(0.542, 0.584), verdict="FAIL")]),
        r("DRF104", "feature_drift", None, by_period),
    ]  # fmt: skip


def importance() -> list[dict[str, Any]]:
    shares = [
        ranged(k, f"feature:{f}", v, 0.01)
        for k, f, v in (
            ("share_candidate", "income", 0.6), ("share_candidate", "age", 0.4), ("share_prior", "income", 0.5),
            ("share_prior", "age", 0.5), ("direction", "income", -0.8), ("direction_of_prior", "income", -0.7),
        )
    ]  # fmt: skip
    shift = ranged("share_shift", "features:income,age", 0.1, 0.02, limit=limit(0.06, 0.15), verdict="WARN")
    return [r("IMP101", "importance", "WARN", [*shares, shift], required=False)]


def noise() -> list[dict[str, Any]]:
    curve = [
        ranged("curve_flip_rate", f"rows:gaussian_{level}{who}", 0.3 * level, 0.01)
        for level in (0.05, 0.1, 0.5)
        for who in ("", PRIOR)
    ]
    judged = ranged("flip_rate", "rows:gaussian_0.1", 0.03, 0.01, limit=limit(0.1, 0.2), verdict="PASS")
    brittle = [
        ranged("excess_rms", f"feature:{f} | rows:quantile_0.1", v, 0.01, limit=limit(0.05, 0.15), verdict=w)
        for f, v, w in (("income", 0.2, "FAIL"), ("age", 0.0, "PASS"))
    ]
    reactions = [
        m("broken_reaction", f"feature:{f} | rows:{w}", v, high=0.015, limit=limit(0.0, 0.0), verdict="PASS", n=200)
        for f, w, v in (("income", "null", 0.0), ("age", "null", 0.5))
    ]
    return [
        r("NOI101", "noise", "PASS", [*curve, judged]),
        r("NOI102", "noise", "FAIL", [*brittle, ranged("ripple_ratio", "feature:income", 0.7, 0.1, limit=limit(0.6, 0.9), verdict="WARN")]),
        r("NOI103", "noise", None, [m("failure_rms_change", "feature:income | rows:times_10", 0.4)]),
        r("NOI104", "noise", "PASS", reactions),
    ]  # fmt: skip


def backtest() -> list[dict[str, Any]]:
    ends = ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]
    scores = [
        ranged("period_score", f"period:{e[:8]}01..{e}{who}", 0.8 - 0.05 * i, 0.03, note="AUC")
        for i, e in enumerate(ends)
        for who in ("", PRIOR)
    ]
    fall = ranged("break_size", "period:2025-03-01..2025-04-30", 0.12, 0.03, limit=limit(0.05, 0.1), verdict="FAIL")
    return [
        r("BKT102", "backtest", "FAIL", [*scores, fall]),
        skipped("BKT103", "backtest", "ValueError: no rows", "ERROR"),
    ]


def bias() -> list[dict[str, Any]]:
    groups = ("group:sex=female", "group:sex=male", 'group:age="under 30"')
    four_fifths, ratio = limit(0.8, 0.8, "below"), (0.7, 1.4, 1.0)
    sizes = [m("group_size", g, n, n=n, note="30.0% of the rows") for g, n in zip(groups, (600, 400, 12), strict=True)]
    ratios = [
        ranged("selection_ratio", g, v, 0.05, limit=four_fifths, verdict="FAIL" if v < 0.8 else "PASS")
        for g, v in zip(groups, ratio, strict=True)
    ]
    gaps = [
        ranged(k, g, v, 0.03, limit=held, verdict="PASS")
        for k in ("tpr_gap", "fpr_gap", "calibration_gap")
        for g, v in zip(groups, (-0.05, 0.05, 0.01), strict=True)
        for held in (limit(0.1, 0.2), limit(-0.1, -0.2, "below"))
    ]
    curve = [
        x
        for g in groups[:2]
        for b in (1, 2)
        for x in (
            m("group_expected_rate", f"{g} | rows:bin_{b:02d}", 0.2 * b, n=100),
            ranged("group_observed_rate", f"{g} | rows:bin_{b:02d}", 0.22 * b, 0.05, n=100),
        )
    ]
    cells = [
        ranged(
            "cell_ratio",
            'group:sex=female & age="under 30"',
            0.9,
            0.3,
            limit=four_fifths,
            verdict="INCONCLUSIVE",
            counts=False,
        ),
        m(
            "cell_ratio",
            "group:sex=male & age=old",
            None,
            limit=four_fifths,
            verdict="INCONCLUSIVE",
            note="9 rows",
            n=9,
        ),
    ]
    proxies = [
        ranged("proxy_auc", groups[0], 0.6, 0.02),
        ranged("proxy_feature_auc", f"{groups[0]} | feature:income", 0.58, 0.03),
    ]
    return [
        r("BIA101", "bias", "FAIL", [*sizes, *ratios]), r("BIA102", "bias", "PASS", gaps), r("BIA103", "bias", None, curve),
        r("BIA104", "bias", "INCONCLUSIVE", cells), r("BIA105", "bias", None, proxies),
    ]  # fmt: skip


def stress() -> list[dict[str, Any]]:
    moves = [
        ranged("mean_score_change", f"rows:{name}{who}", v, 0.01, note=f"All of {name}")
        for name, v in (("mild", 0.02), ("recession", -0.12))
        for who in ("", PRIOR)
    ]
    curve = [ranged("curve_worst_excess", f"rows:worst_{s:g}", 0.5 - 0.5 * s, 0.1) for s in (1.0, 0.1, 0.05)]
    worst = ranged(
        "worst_excess", "model", 0.45, 0.1, limit=limit(0.25, 0.75), verdict="WARN", note="84% of them in slice:age<30"
    )
    bins = [
        m("ice_violations", f"feature:income | rows:bin_{b:02d}", v, note="10 to 20")
        for b, v in ((1, 0.0), (2, 0.3), (10, 0.0))
    ]
    broken = m("monotone_violations", "feature:income", 0.3, limit=limit(0.001, 0.01), verdict="FAIL")
    asked = [
        m("context_share", f"rows:{w}", v, limit=limit(0.001, 0.01), verdict="FAIL" if v else "PASS")
        for w, v in (("order", 0.0), ("single", 0.5))
    ]
    mix = ranged("quality_lost", "rows:growth", 0.02, 0.01, limit=limit(0.05, 0.1), verdict="PASS")
    far = [
        ranged("beyond_range", "feature:income | rows:test", 0.02, 0.01),
        ranged("beyond_support", "rows:test", 0.012, 0.005),
    ]
    return [
        r("STR105", "stress", None, far),
        r("STR101", "stress", None, moves), r("STR102", "stress", "WARN", [worst, *curve]),
        r("STR103", "stress", "FAIL", [broken, *bins]), r("STR104", "stress", "FAIL", asked), r("STR106", "stress", "PASS", [mix]),
    ]  # fmt: skip


def plain(code: str, family: str, metric: str, subjects: tuple[str, ...]) -> dict[str, Any]:
    """A check of a family whose charts are one dot per subject."""
    held = [
        ranged(metric, s, 0.4 - 0.1 * i, 0.05, limit=limit(0.2, 0.35), verdict="FAIL" if i == 0 else "PASS")
        for i, s in enumerate(subjects)
    ]
    return r(code, family, "FAIL", held)


def pipeline() -> list[dict[str, Any]]:
    held, facts = limit(0.001, 0.01), limit(None, 0.0)
    why = "income: served values are 1/12 of research (research is ×12 of them), a unit factor: months and years; all rows differ"
    rates = [
        m("mismatch_rate", f"feature:{f}", v, high=v + 0.003 if v < 1 else 1.0, limit=held, verdict=w, note=note)
        for f, v, w, note in (("age", 0.0, "PASS", "none of 1,000 rows differs"), ("income", 1.0, "FAIL", why))
    ]
    sides = [
        m(k, f"feature:income | rows:bin_{b:02d}", v * b, n=50)
        for b in (1, 2, 3)
        for k, v in (("research_value", 12.0), ("served_value", 1.0))
    ]
    times = [
        m("mismatch_in_month", f"feature:income | period:2025-{k:02d}-01..2025-{k:02d}-28", 1.0, n=400) for k in (1, 2)
    ]
    counts = [
        m("not_served", "model", 0.02, limit=held, verdict="FAIL"),
        m("matched_keys", "model", 0.98),
        m("only_served", "model", 0.0),
    ]
    flips = [
        m("decision_flips", "model", 0.3, high=0.33, limit=held, verdict="FAIL"),
        m("scores_differ", "model", 0.9, high=0.92),
    ]
    return [
        r(
            "PIP101",
            "pipeline",
            "PASS",
            [m("absent_feature", "model", 0.0, limit=facts, verdict="PASS", note="all 2 features are served")],
        ),
        r("PIP102", "pipeline", "FAIL", counts),
        r(
            "PIP103",
            "pipeline",
            "FAIL",
            [m("rows_differ", "model", 1.0, high=1.0, limit=held, verdict="FAIL", note="all"), *rates, *sides, *times],
        ),
        r("PIP104", "pipeline", "FAIL", flips),
        r(
            "PIP106",
            "pipeline",
            "PASS",
            [m("changed_scores", "rows:small_batches", 0.0, high=0.02, limit=held, verdict="PASS")],
        ),
    ]


def document(*results: dict[str, Any], verdict: str = "FAILED") -> dict[str, Any]:
    """A document of some results; of all families when none is given."""
    every = (
        *performance(), *prediction_drift(), *feature_drift(), *importance(), *noise(), *backtest(),
        *stress(),
        plain("QUA101", "quality", "noise_excess", ("model", "class:1")),
        plain("LEK103", "leakage", "lift_share", ("feature:income", "feature:age")),
        plain("FIT101", "fit", "score_lost_to_refits", ("model",)),
        *pipeline(),
        r("BIA999", "bias", None, [ranged("a_metric_nobody_knows", f"group:sex={g}", 0.4, 0.1) for g in "FMX"],
            required=False),
    )  # fmt: skip
    return {
        "schema": "seatrial/results/v1",
        "project": {
            "id": "credit <script>alert(1)</script>", "version": "1.5.0", "features": ["income", "age"], "sensitive": ["sex"],
            "task": {"type": "binary", "target": "default", "threshold": 0.31, "classes": [0, 1], "positive": 1, "favourable": 0},
            "entity": None, "time": "applied_at", "weight": None, "slices": {},
        },
        "inputs": {
            "project": {"sha256": "a" * 64},
            "model": {"candidate": {"file": "candidate.skops", "sha256": "b" * 64, "format": "skops", "class": "Pipeline"}, "prior": None},
            "data": {"test": {"file": "test.parquet", "sha256": "c" * 64, "rows": 1000, "labelled": 1000, "n_eff": 1000.0}},
            "code": {}, "grouping": "row",
        },
        "policy": {"id": "house-medium", "version": "1.0.0", "tier": 2, "sha256": "d" * 64},
        "plan": {
            "suite": "release", "seed": 7, "rows": None, "narrowed": False, "checks": [], "options": {}, "required": {},
            "not_tested": [{"what": "leakage", "why": "no check of this family is built in this version"}],
        },
        "environment": {"seatrial": "0.1.0", "python": "3.11.9", "platform": "linux-x86_64",
            "packages": {"numpy": "2.4"}, "isolation": "process"},
        "run": {"id": "20261124T100000Z-abcdef", "started": "2026-11-24T10:00:00+00:00", "seconds": 12.0, "cpu_seconds": 11.0},
        "verdict": verdict,
        "results": list(results or every),
    }  # fmt: skip
