"""Who scans the partitions: this process, processes of joblib, or a Dask cluster. Results come in the order of the items."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import joblib

from ..core.errors import ProjectError

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
DASK = "dask"


def serial(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """One after the other, in this process."""
    return map(function, items)


def joblib_mapper(workers: int) -> Mapper:
    """Over processes of joblib."""

    def over_processes(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator", pre_dispatch=2 * workers)
        return iter(parallel(joblib.delayed(function)(item) for item in items))

    return over_processes


@contextmanager
def dask_mapper(scheduler: str | None = None) -> Iterator[Mapper]:
    """Over a Dask cluster, or over a cluster of processes on this machine when no scheduler is named.

    The workers must see the project's files under the same paths, and import the same version of this package. At most two
    partitions a thread are under way, so that memory stays bounded here and there.

    Raises
    ------
    ProjectError
        When Dask is not installed, or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ProjectError(
            "--workers dask: Dask is not installed; install it with: pip install 'seatrial[dask]'"
        ) from None
    local = None if scheduler else LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=None
    )  # fmt: skip
    try:
        try:
            client = Client(scheduler or local, timeout=10)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ProjectError(f"--scheduler {scheduler}: no scheduler answers there ({error})") from None
        with client:
            yield _over(client)
    finally:
        if local is not None:
            local.close()


def _over(client: Any) -> Mapper:
    def over_cluster(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        held = client.scatter(function, hash=False, broadcast=True)
        most = 2 * max(sum(client.nthreads().values()), 1)
        under_way: deque[Any] = deque()
        for item in items:
            under_way.append(client.submit(_apply, held, item, pure=False))
            if len(under_way) == most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    return over_cluster


def _apply(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def open_workers(wanted: int | str, scheduler: str | None = None) -> AbstractContextManager[Mapper]:
    """The mapper for `--workers`: a number of processes, or "dask"."""
    if wanted == DASK:
        return dask_mapper(scheduler)
    if scheduler is not None:
        raise ProjectError("--scheduler goes with --workers dask")
    count = int(wanted)
    return nullcontext(serial if count <= 1 else joblib_mapper(count))
