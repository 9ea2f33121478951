"""The registries of schemes and conventions as results, so that they are shown like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.conventions import (
    CONVENTIONS,
    Convention,
    canonical,
    find_convention,
    frameworks,
)
from wcetool.core.conventions.worked import Quotient, WorkedExample, WorkedRow, worked_example
from wcetool.core.measures import MEASURES, Measure
from wcetool.core.multilabel import LABEL_MEASURES
from wcetool.core.schemes import SCHEMES, Scheme
from wcetool.core.vocabulary import Task
from wcetool.errors import UsageError
from wcetool.results.document import Row, signature

SCHEMES_SCHEMA = "wcetool.schemes/1"
CONVENTIONS_SCHEMA = "wcetool.conventions/1"
MEASURES_SCHEMA = "wcetool.measures/1"
MEASURES_BY_TASK: Mapping[Task, Mapping[str, Measure]] = {
    Task.MULTICLASS: MEASURES,
    Task.MULTILABEL: LABEL_MEASURES,
}


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
                    f"{one.name}={one.default} ({one.range.inside})"
                    for one in entry.parameters.values()
                ),
                "kind": entry.kind.value,
                "tasks": ", ".join(task.value for task in Task if task in entry.tasks),
                "needs": ", ".join(sorted(entry.needs)),
                "uses": ", ".join(sorted(entry.uses)),
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
                        {"name": one.name, "default": one.default, "range": one.range.inside}
                        for one in entry.parameters.values()
                    ],
                    "tasks": [task.value for task in Task if task in entry.tasks],
                    "needs": sorted(entry.needs),
                    "uses": sorted(entry.uses),
                    "laws": sorted(law.value for law in entry.laws),
                }
                for row, entry in zip(self.class_rows(), self.schemes.values(), strict=True)
            ],
            "signature": self.signature,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCatalog:
    """What there is to know about every measure of imbalance, by task."""

    measures: Mapping[Task, Mapping[str, Measure]]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_registry(cls) -> MeasureCatalog:
        """List the registered measures, in the order of registration."""
        return cls(measures=MEASURES_BY_TASK)

    @property
    def signature(self) -> str:
        """Which version of the program this is the registry of."""
        return signature("measures", {"measures": sum(map(len, self.measures.values()))})

    def class_rows(self) -> list[Row]:
        """Return one row per measure."""
        return [
            {
                "measure": entry.name,
                "task": task.value,
                "formula": entry.formula,
                "lowest": entry.range[0],
                "highest": entry.range[1],
                "source": entry.source,
                "trap": entry.trap,
                "undefined": entry.undefined,
            }
            for task, entries in self.measures.items()
            for entry in entries.values()
        ]

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.measures/1``."""
        return {
            "schema": MEASURES_SCHEMA,
            "measures": self.class_rows(),
            "signature": self.signature,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionCatalog:
    """What there is to know about every framework's loss.

    Attributes
    ----------
    conventions : mapping of str to Convention
        By name.
    examples : mapping of str to WorkedExample
        One small example, worked through by each of them.
    task : Task or None
        The task that was asked for; where it is None, each is worked through for its first one.
    notes, warnings : tuple of str
        None so far.
    """

    conventions: Mapping[str, Convention]
    examples: Mapping[str, WorkedExample]
    task: Task | None = None
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
        like = None if like is None else canonical(like)
        found = [entry for entry in CONVENTIONS.values() if like in {None, entry.framework}]
        found = found or frameworks().get(str(like), []) or [find_convention(str(like))]
        chosen = {entry.name: entry for entry in found if task is None or task in entry.tasks}
        if not chosen:
            others = sorted({one for entry in found for one in entry.tasks})
            raise UsageError(
                f"{like} has no {task} loss", where="--task", hint=f"--task {others[0]}"
            )
        examples = {name: worked_example(entry, task) for name, entry in chosen.items()}
        return cls(conventions=chosen, examples=examples, task=task)

    @property
    def is_whole(self) -> bool:
        """Tell whether this is the whole registry."""
        return len(self.conventions) == len(CONVENTIONS)

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
                "options": ", ".join(
                    f"{key}={value!r}" for key, value in entry.own_options.items()
                ),
                "weights": ", ".join(sorted(entry.weights)),
                "traps": "; ".join(entry.traps),
                **_example_cells(self.examples[entry.name]),
            }
            for entry in self.conventions.values()
        ]

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.conventions/1``."""
        return {
            "schema": CONVENTIONS_SCHEMA,
            "conventions": [
                {
                    **{key: value for key, value in row.items() if key not in _EXAMPLE_CELLS},
                    "targets": list(entry.targets),
                    "input": list(entry.kinds),
                    "reductions": list(entry.reductions),
                    "options": dict(entry.own_options),
                    "weights": sorted(entry.weights),
                    "traps": list(entry.traps),
                    "example": _example(self.examples[entry.name]),
                }
                for row, entry in zip(self.class_rows(), self.conventions.values(), strict=True)
            ],
            "signature": self.signature,
        }


_EXAMPLE_CELLS = {
    *("example_task", "example_weights", "example_reduction"),
    *("example_total", "example_denominator", "example_value"),
}


def _example_cells(found: WorkedExample) -> Row:
    """Return what a line of a table has room for."""
    return {
        "example_task": found.task.value,
        "example_weights": found.weights,
        "example_reduction": found.reduction,
        "example_total": found.reduced.total,
        "example_denominator": found.reduced.denominator,
        "example_value": found.reduced.value,
    }


def _example(found: WorkedExample) -> Row:
    return {
        "task": found.task.value,
        "targets": found.target.value,
        "input": found.kind.value,
        "weights": found.weights,
        "remark": found.remark,
        "arguments": dict(found.arguments),
        "rows": [_worked_row(row, found) for row in found.rows],
        "reduction": found.reduction,
        "reduces_by_default": found.reduces_by_default,
        **_quotient(found.reduced),
        "reductions": dict(found.reductions),
        "one_hot": None if found.one_hot is None else _quotient(found.one_hot),
    }


def _worked_row(row: WorkedRow, found: WorkedExample) -> Row:
    """Return the losses of a row: a list where each label has one, of a batch with its rows."""
    rows: Row = {
        "target": [list(numbers) for numbers in row.target],
        "scores": [list(numbers) for numbers in row.scores],
    }
    if not found.is_by_batch:
        rows = {
            key: numbers[0] if len(numbers) == 1 else numbers for key, (numbers,) in rows.items()
        }
    losses = {"unweighted": row.unweighted, "weight": row.weight, "weighted": row.weighted}
    one = not found.is_by_label
    return {**rows, **{k: numbers[0] if one else list(numbers) for k, numbers in losses.items()}}


def _quotient(reduced: Quotient) -> Row:
    return {
        "total": reduced.total,
        "denominator": reduced.denominator,
        "divides_by": reduced.divides_by,
        "value": reduced.value,
    }
