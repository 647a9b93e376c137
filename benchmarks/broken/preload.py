"""What every asked process has imported already, before it forks: an import a file would cost more than the answers."""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import validators.catalog
import validators.cli

validators.catalog.catalog()
__all__ = ["validators"]
