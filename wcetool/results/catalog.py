"""The registries of schemes and conventions as results, so that they are shown like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.conventions import CONVENTIONS, Convention, find_convention
from wcetool.core.schemes import SCHEMES, Scheme
from wcetool.core.vocabulary import Task
from wcetool.errors import UsageError
from wcetool.results.document import Row, signature

SCHEMES_SCHEMA = "wcetool.schemes/1"
CONVENTIONS_SCHEMA = "wcetool.conventions/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeCatalog:
    """What there is to know about every weighting scheme."""

    schemes: Mapping[str, Scheme]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_registry(cls) -> SchemeCatalog:
        """List the registered schemes, in the order of registration."""
        return cls(schemes=SCHEMES)

    @property
    def signature(self) -> str:
        """Which version of the program this is the registry of."""
        return signature("schemes", {"schemes": len(self.schemes)})

    def class_rows(self) -> list[Row]:
        """Return one row per scheme."""
        return [
            {
                "scheme": entry.name,
                "aliases": ", ".join(entry.aliases),
                "parameters": ", ".join(
                    f"{one.name}={one.default!r} ({one.inside})"
                    for one in entry.parameters.values()
                ),
                "formula": entry.formula,
                "as_published": entry.published.value,
                "summary": entry.summary,
                "source": entry.source,
                "caution": entry.caution,
                "laws": ", ".join(sorted(law.value for law in entry.laws)),
            }
            for entry in self.schemes.values()
        ]

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.schemes/1``."""
        return {
            "schema": SCHEMES_SCHEMA,
            "schemes": [
                {
                    **row,
                    "aliases": list(entry.aliases),
                    "parameters": [
                        {"name": one.name, "default": one.default, "range": one.inside}
                        for one in entry.parameters.values()
                    ],
                    "laws": sorted(law.value for law in entry.laws),
                }
                for row, entry in zip(self.class_rows(), self.schemes.values(), strict=True)
            ],
            "signature": self.signature,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionCatalog:
    """What there is to know about every framework's loss."""

    conventions: Mapping[str, Convention]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_registry(cls, like: str | None = None, task: Task | None = None) -> ConventionCatalog:
        """List the registered conventions, in the order of registration.

        Parameters
        ----------
        like : str, optional
            A framework, or one convention.
        task : Task, optional
            What they are losses for.

        Raises
        ------
        UsageError
            If there is no such convention.
        """
        found = [entry for entry in CONVENTIONS.values() if like in {None, entry.framework}]
        if not found:
            found = [find_convention(str(like))]
        chosen = {entry.name: entry for entry in found if task is None or task in entry.tasks}
        if not chosen:
            others = sorted({one for entry in found for one in entry.tasks})
            raise UsageError(
                f"{like} has no {task} loss", where="--task", hint=f"--task {others[0]}"
            )
        return cls(conventions=chosen)

    @property
    def signature(self) -> str:
        """Which version of the program this is the registry of."""
        return signature("conventions", {"conventions": len(self.conventions)})

    def class_rows(self) -> list[Row]:
        """Return one row per convention."""
        return [
            {
                "convention": entry.name,
                "framework": entry.framework,
                "api": entry.api,
                "targets": ", ".join(entry.targets),
                "input": ", ".join(entry.kinds),
                "formula": entry.formula,
                "weighs": entry.weighs,
                "divides_by": entry.divides_by,
                "reductions": ", ".join(entry.reductions),
                "options": ", ".join(f"{key}={value!r}" for key, value in entry.options.items()),
                "weights": ", ".join(sorted(entry.weights)),
                "traps": "; ".join(entry.traps),
            }
            for entry in self.conventions.values()
        ]

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.conventions/1``."""
        return {
            "schema": CONVENTIONS_SCHEMA,
            "conventions": [
                {
                    **row,
                    "targets": list(entry.targets),
                    "input": list(entry.kinds),
                    "reductions": list(entry.reductions),
                    "options": dict(entry.options),
                    "weights": sorted(entry.weights),
                    "traps": list(entry.traps),
                }
                for row, entry in zip(self.class_rows(), self.conventions.values(), strict=True)
            ],
            "signature": self.signature,
        }
