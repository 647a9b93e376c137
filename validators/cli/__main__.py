"""``python -m validators.cli``: the same as the command."""

from . import main

main()
