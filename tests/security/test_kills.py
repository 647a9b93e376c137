"""kill -9 of commands, jobs, processes of models and the app: 25 of them here, more are a dated benchmark."""

import pytest

from benchmarks.kills import TURN, kill_many


@pytest.mark.slow
def test_whatever_is_killed_what_is_left_is_whole_and_the_next_start_works(tmp_path):
    met = kill_many(25, 1, tmp_path / "home")

    assert set(met) == set(TURN)
    assert sum(met.values()) >= 10, "most had ended before they were killed: nothing was tried"
