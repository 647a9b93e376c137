"""Boosters in their own format: the best round of early stopping, and labels of their own."""

import numpy as np
import pytest

from validators.models.client import open_model

from .test_formats import HIGH, LEVELS, NUMBERS, TWO, N, kept, refused, scored


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "library"), [("m.ubj", "xgboost"), ("m.txt", "lightgbm"), ("m.joblib", "xgboost")])
def test_a_model_that_does_not_know_the_negative_class_either_is_not_guessed_about(tmp_path, name, library):
    """Fitted on label == 2, its 1 is label 2: `positive = 1` took the probability of the other class, an area of .06."""
    kept(library, LEVELS, tmp_path / name)

    told = refused(tmp_path / name, LEVELS, task="binary", classes=(2, 1), positive=1)
    assert "knows no class 2; its classes are [0, 1], and which of them is 1 cannot be told" in told
    for same in ((0, 1), (0.0, 1.0), (False, True), ("0", "1"), (None, 1), ()):
        assert len(scored(tmp_path / name, LEVELS, task="binary", classes=same, positive=(same or (0, 1))[1])) == N


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
def test_xgboost_with_early_stopping_gives_the_scores_of_its_best_round(tmp_path, booster):
    """All rounds were scored: up to .57 off."""
    from xgboost import Booster, DMatrix, XGBClassifier

    fitted = XGBClassifier(
        n_estimators=80, learning_rate=0.6, n_jobs=1, booster=booster, early_stopping_rounds=9, random_state=0
    )
    fitted.fit(NUMBERS[:120], TWO[:120] == "bad", eval_set=[(NUMBERS[120:], NUMBERS.a[120:] > 0)], verbose=False)
    fitted.save_model(tmp_path / "m.ubj")
    theirs = XGBClassifier()
    theirs.load_model(tmp_path / "m.ubj")
    bare = Booster(model_file=tmp_path / "m.ubj")
    bare.set_attr(scikit_learn=None)
    bare.save_model(tmp_path / "bare.ubj")

    ours = scored(tmp_path / "m.ubj", NUMBERS, task="binary", positive=1)
    np.testing.assert_allclose(ours, theirs.predict_proba(NUMBERS)[:, 1], atol=1e-6)
    every = scored(tmp_path / "bare.ubj", NUMBERS, task="binary", positive=1)
    np.testing.assert_allclose(every, bare.predict(DMatrix(NUMBERS)), atol=1e-6)
    assert (np.abs(every - ours).max() > 0.01) == (booster != "gblinear")
    if booster == "gbtree":
        with open_model(tmp_path / "m.ubj", features=["a", "b"], task="binary", positive=1) as held:
            assert len(held.trees(NUMBERS).ensemble.root) == int(theirs.best_iteration) + 1


CATEGORY = LEVELS.assign(k=LEVELS.k.astype("category"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".ubj", ".json"])
@pytest.mark.parametrize("more", [{}, {"booster": "dart"}, {"num_parallel_tree": 3, "subsample": 0.7}])
def test_xgboost_with_categories_and_early_stopping_keeps_its_categories(tmp_path, suffix, more):
    """Every such file was refused, as if it did not tell its categories: the slice up to its best round had lost them."""
    from xgboost import XGBClassifier

    fitted = XGBClassifier(
        n_estimators=60, learning_rate=0.6, n_jobs=1, enable_categorical=True, early_stopping_rounds=5, **more
    )
    held_back = [(CATEGORY[160:], HIGH[160:])]
    fitted.fit(CATEGORY[:160], HIGH[:160], eval_set=held_back, verbose=False).save_model(tmp_path / f"m{suffix}")
    assert fitted.best_iteration + 1 < fitted.get_booster().num_boosted_rounds()

    ours = scored(tmp_path / f"m{suffix}", LEVELS, task="binary", positive=1)
    np.testing.assert_allclose(ours, fitted.predict_proba(CATEGORY)[:, 1], atol=1e-7)
