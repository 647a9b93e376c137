"""Rows and measurements that the tests of these checks share."""

from .performance_cases import BINARY, batch_of, given_rows, grid_of, measured, sound


def measure(check, roles, grid, task=BINARY, *, declared=("key",)):
    return measured(check, given_rows(check, roles, grid, task, declared=frozenset(declared)))


def rows(n=1000):
    X, y, p = sound(n)
    grid = grid_of(X, p)
    return batch_of(X, y, p, grid), grid
