"""Modules that a project names under `code`: they came as text and are importable in this process only."""

import importlib.abc
import importlib.machinery
import types


class SourceFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Modules of the project's `code`, out of source text; importable in this process only."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, fullname, path=None, target=None):
        """A spec for a module that came as source."""
        if fullname in self.sources:
            package = any(name.startswith(f"{fullname}.") for name in self.sources)
            return importlib.machinery.ModuleSpec(fullname, self, origin=f"<code {fullname}.py>", is_package=package)
        return None

    def get_source(self, fullname):
        """Its text."""
        return self.sources[fullname]

    def create_module(self, spec):
        """A plain module."""
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        """Run the source in it."""
        exec(compile(self.sources[module.__name__], f"<code {module.__name__}.py>", "exec"), module.__dict__)  # noqa: S102
