"""What a model may take of this machine, as the installation sets it."""

import pytest

from validators.confined.process import Limits
from validators.core.errors import ProjectError
from validators.engine.jobs import JobLimits
from validators.engine.settings import job_limits, limits_of


def test_without_a_file_the_defaults_hold(tmp_path):
    assert limits_of(tmp_path) == Limits()


def test_memory_and_times_can_be_set(tmp_path):
    (tmp_path / "settings.toml").write_text("[worker]\nmemory_gb = 1.5\ncpu_hours = 2\ncall_s = 10\n")

    assert limits_of(tmp_path) == Limits(memory_bytes=3 << 29, cpu_s=7200, call_s=10.0)


def test_jobs_have_limits_of_their_own(tmp_path):
    assert job_limits(tmp_path) == JobLimits()
    (tmp_path / "settings.toml").write_text("[jobs]\nrunning = 3\nhours = 0.5\n")

    assert job_limits(tmp_path) == JobLimits(running=3, wall_s=1800.0)
    (tmp_path / "settings.toml").write_text("[jobs]\nmemory_gb = 1.5\n")
    assert job_limits(tmp_path) == JobLimits(memory=3 << 29)
    assert limits_of(tmp_path) == Limits()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[worker]\nmemory = 1\n", "unknown key 'memory'; did you mean 'memory_gb'"),
        ("[workers]\n", "unknown key 'workers'; did you mean 'worker'"),
        ("worker = 1\n", "must be a table"),
        ("[worker]\ncall_s = 0\n", "call_s must be a number above 0 and below 1,000,000, got 0"),
        ("[worker]\nmemory_gb = nan\n", "memory_gb must be a number above 0 and below 1,000,000, got nan"),
        ("[worker]\nmemory_gb = inf\n", "memory_gb must be a number above 0 and below 1,000,000, got inf"),
        ("[worker]\nmemory_gb = true\n", "must be a number"),
        ("[worker\n", "cannot be read"),
    ],
)
def test_a_wrong_file_gets_a_sentence(tmp_path, text, words):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(ProjectError, match=words):
        limits_of(tmp_path)
