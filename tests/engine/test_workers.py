"""A real Dask cluster of two processes scans to the same bytes as this process alone."""

import weakref

import pytest

from validators.checks import loss_against_prior
from validators.core.data import Role
from validators.core.errors import ProjectError
from validators.engine.documents import dump, summaries_document
from validators.engine.workers import dask_mapper, open_workers
from validators.summaries.row_sample import RowSample

from .projects import project
from .test_run import numbers, run, shuffled


@pytest.fixture(scope="module")
def scheduler():
    """Address of a cluster that somebody else keeps."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Dask's own sockets and event loops
def test_a_dask_cluster_gives_the_same_bytes_as_one_process(scheduler, tmp_path, monkeypatch):
    folder = shuffled(project(tmp_path / "p", n=900, model=True), tmp_path / "parts of 97 rows")
    monkeypatch.setattr(
        "validators.engine.scan.partitions",
        lambda path: __import__("validators.io.tables", fromlist=["x"]).partitions(path, rows=97),
    )
    alone = run(folder)
    with open_workers("dask", scheduler) as mapper:
        together = run(folder, mapper=mapper)

    assert len({key[0] for key in together.summaries}) == len(set(Role) - {Role.SERVING})
    assert numbers(alone) == numbers(together)
    assert dump(summaries_document(alone.summaries)) == dump(summaries_document(together.summaries))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_results_of_a_cluster_come_in_the_order_of_the_items(scheduler):
    with dask_mapper(scheduler) as mapper:
        assert list(mapper(abs, range(-20, 0))) == list(range(20, 0, -1))


@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch):
    with pytest.raises(ProjectError, match="no scheduler answers there"), dask_mapper("tcp://127.0.0.1:1"):
        pass


def test_a_scheduler_needs_dask():
    with pytest.raises(ProjectError, match="--scheduler goes with --workers dask"):
        open_workers(2, "tcp://127.0.0.1:8786")


def test_a_part_is_let_go_once_it_is_added(tmp_path, monkeypatch):
    """Else memory holds one part more for every role of several parts than for roles of one."""
    monkeypatch.setattr(
        "validators.engine.scan.partitions",
        lambda path: __import__("validators.io.tables", fromlist=["x"]).partitions(path, rows=97),
    )
    ends = []  # of the samples of test, part by part; the sum begins with the first

    def watched(function, items):
        for role, part in items:
            assert [rows() for rows in ends[1:] if rows() is not None] == []
            outcome = function((role, part))
            if role is Role.TEST:
                ends.append(weakref.ref(next(s for s in outcome if isinstance(s, RowSample)).rows.X))
            yield outcome

    folder = shuffled(project(tmp_path / "p"), tmp_path / "parts of 97 rows")
    run(folder, mapper=watched, checks=[loss_against_prior.CHECK])

    assert len(ends) > 5
