"""QUA104."""

from dataclasses import replace

import numpy as np

from validators.checks import label_maturity
from validators.core.data import Role

from .performance_cases import verdict
from .quality_cases import measure, rows


def test_immature_outcomes_are_counted_and_an_undeclared_role_is_undefined():
    test, grid = rows()
    early = np.arange(1000) < 80
    roles = {Role.TEST: replace(test, immature=early), Role.TRAIN: test}
    found = measure(label_maturity.CHECK, roles, grid)

    assert found["immature_share", "rows:test"].value == 0.08
    assert verdict(found["immature_share", "rows:test"], warn=0.0, fail=0.05) == "FAIL"
    assert found["quality_mature_rows", "model"].n == 920
    assert found["immature_share", "rows:train"].value is None
