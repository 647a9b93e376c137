"""Malformed files get an answer: two hundred of them here, the whole corpus is a dated benchmark."""

import pytest

from benchmarks.broken.run import ask_all, fault


@pytest.mark.slow
def test_each_malformed_file_is_read_or_refused_in_a_sentence():
    answers = ask_all(200, seed=1, workers=2)

    assert len(answers) >= 195
    assert [
        (a.file, a.damage, a.wrong, a.said[-500:]) for a in answers if a.wrong and not a.wrong.startswith("after")
    ] == []
    assert sum(a.code == 2 for a in answers) > 100


@pytest.mark.parametrize(
    ("code", "said", "wrong"),
    [
        (2, "seatrial: test.csv: no such file\n", ""),
        (0, "passed\n", ""),
        (1, "Traceback (most recent call last):\nKeyError: 'a'\n", "traceback"),
        (2, "error\n", "no clear sentence"),
        (None, "", "ended with None"),
    ],
)
def test_what_counts_as_a_wrong_answer(code, said, wrong):
    assert fault(code, said, 1.0) == wrong


def test_a_late_answer_is_a_defect():
    assert fault(0, "passed\n", 11.0) == "after 11 s"
