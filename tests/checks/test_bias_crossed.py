"""BIA104 and BIA105: a wrong that only a combination of groups suffers, and features that stand in for a group."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from validators.checks import group_combinations, group_errors, group_proxies, selection_rates
from validators.core.policy import Rule
from validators.summaries.groups import OTHERS, GroupOptions, partitions

from .bias_cases import TASK, measure, of, trial
from .performance_cases import batch_of, grid_of

ROOT = Path(__file__).resolve().parents[2]
CELLS, PROXIES = group_combinations.CHECK, group_proxies.CHECK
FOUR_FIFTHS = Rule(check="", metric="", worse="below", warn=0.8, fail=0.8, null=1.0)


def crossed(seed, offset, n=4000):
    """Women of race a and men of race b have their scores lowered, men of a and women of b raised: single columns hide most of it."""
    batch, grid = trial(n, seed, columns=("sex", "race"))
    who = batch.sensitive
    women, a, b = (who["sex"] == "female").to_numpy(), (who["race"] == "a").to_numpy(), (who["race"] == "b").to_numpy()
    sign = np.where(women, 1, -1) * (a - 1.0 * b)
    p = batch.scores["candidate"]
    return replace(batch, scores={"candidate": expit(logit(p) - offset * sign[:, None])}), grid


@pytest.mark.slow
def test_a_wrong_to_a_combination_is_found_and_the_clean_twin_does_not_fail():
    cell = "group:sex=female & race=a"
    for seed in range(20):
        clean, faulty = (measure(CELLS, *crossed(seed, offset)) for offset in (0.0, 1.2))
        single = measure(selection_rates.CHECK, *crossed(seed, 1.2))

        assert FOUR_FIFTHS.judge(faulty["cell_ratio", cell]).value == "FAIL", seed
        assert single["selection_ratio", "group:sex=female"].value > faulty["cell_ratio", cell].value + 0.1, seed
        assert "FAIL" not in [FOUR_FIFTHS.judge(m).value for m in of(clean, "cell_ratio").values()], seed
        assert FOUR_FIFTHS.judge(clean["cell_ratio", cell]).value == "PASS", seed


def test_every_combination_is_listed_and_small_ones_cannot_tell():
    batch, grid = trial(1500)
    found = measure(CELLS, batch, grid)
    who = batch.sensitive
    rows = int(((who["sex"] == "female") & who["race"].isna()).sum())
    m = found["cell_ratio", "group:sex=female & race=null"]

    assert (m.value, m.n) == (None, rows)
    assert "fewer than 30" in m.note
    assert found["cells", "model"].value == len(of(found, "cell_ratio"))
    assert any(s.count(" & ") == 2 for s in of(found, "cell_ratio"))


def test_one_column_has_nothing_to_cross_and_says_so():
    found = measure(CELLS, *trial(300, columns=("sex",)))

    assert list(found) == [("cells", "model")]
    assert "fewer than two columns" in found["cells", "model"].note


@pytest.mark.slow
def test_a_proxy_is_found_and_named_and_features_without_one_tell_nothing():
    batch, grid = trial(2000, columns=("sex",))
    clean = measure(PROXIES, batch, grid)
    women = (batch.sensitive["sex"] == "female").to_numpy()
    region = batch.X["region"].where(~(women & (np.arange(2000) % 3 > 0)), "north")
    X = batch.X.drop(columns="sex").assign(region=region)
    grid = grid_of(X, batch.scores["candidate"][:, 0])
    planted = batch_of(X, batch.y, batch.scores["candidate"][:, 0], grid, sensitive=batch.sensitive)
    found = measure(PROXIES, planted, grid)
    subject = next(s for s in of(found, "proxy_auc"))

    assert found["proxy_auc", subject].low > 0.65
    best = max(of(found, "proxy_feature_auc").items(), key=lambda held: held[1].value)
    assert best[0].endswith("feature:region")
    assert clean["proxy_auc", subject].low < 0.55
    assert clean["score_auc", subject].low < 0.5 < clean["score_auc", subject].high
    assert "is itself a feature" in clean["proxy_auc", subject].note


@pytest.mark.slow
def test_the_area_of_the_score_is_that_of_scikit_learn():
    batch, grid = trial(1000, offset=-1.0, columns=("sex",))
    (subject, m), *_ = of(measure(PROXIES, batch, grid), "score_auc").items()
    member = batch.sensitive["sex"] == subject.split("=")[1]

    assert m.value == pytest.approx(roc_auc_score(member, batch.scores["candidate"][:, 0]), abs=1e-12)


def test_bands_are_round_cover_everybody_and_levels_beyond_forty_share_a_group():
    batch, _ = trial(2000)
    who = batch.sensitive.assign(
        age=np.where(np.arange(2000) % 50 == 0, np.nan, batch.sensitive["age"]),
        land=[f"l{k % 60:02d}" for k in range(2000)],
    )
    parts = {p.columns[0]: p for p in partitions(replace(batch, sensitive=who), GroupOptions())}

    assert parts["age"].values[-1] == (None,)
    assert parts["age"].sizes()[-1] == 40
    assert {int(t) % 5 for v in parts["age"].values[:-1] for t in v[0].split()[:2] if t.isdigit()} == {0}
    assert len(parts["land"]) == 40
    assert parts["land"].values[-1] == (OTHERS,)
    assert all(p.sizes().sum() == 2000 for p in parts.values())


@pytest.mark.shared
def test_published_error_rates_of_compas_come_out():
    """ProPublica's truth tables (compas-analysis notebook): positive is a score that is not low."""
    held = pd.read_parquet(ROOT.parent / "shared" / "data" / "compas.parquet")
    X = pd.DataFrame({"priors": held["priors_count"].astype(float)})
    score = held["decile_score"].to_numpy() / 10
    grid = grid_of(X, score, task=TASK)
    batch = batch_of(X, held["two_year_recid"], score, grid, sensitive=held[["race"]])
    found = measure(group_errors.CHECK, batch, grid)
    races = ("African-American", "Caucasian")
    rates = {r: [round(100 * found[f"group_{k}", f"group:race={r}"].value, 2) for k in ("fpr", "tpr")] for r in races}

    assert rates == {"African-American": [44.85, 72.01], "Caucasian": [23.45, 52.28]}  # 100 - 27.99, 100 - 47.72
    assert found["fpr_gap", "group:race=Caucasian"].value == pytest.approx(0.2345430 - 0.4484680, abs=1e-6)
    assert found["fpr_gap", "group:race=Caucasian"].high < -0.15
