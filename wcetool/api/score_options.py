"""The decision on a prediction file, typed out as options that give the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from wcetool.api.predictions import Opened
from wcetool.core.vocabulary import ConfidenceOf, Task
from wcetool.data.formats.table import Column, Table
from wcetool.data.layout import NO_SCORES, ScoreLayout, ScoreRequest
from wcetool.data.options import names_file
from wcetool.data.understanding import Understood

Options = dict[str, str | bool]


def typed_out(
    opened: Opened, request: ScoreRequest, known: Understood, layout: ScoreLayout | None
) -> Options:
    """Return the options that say what was decided; what cannot be typed is left out.

    Parameters
    ----------
    opened : Opened
        The files.
    request : ScoreRequest
        What the user says.
    known : Understood
        Which column holds what.
    layout : ScoreLayout or None
        How the scores are read; None where there are only predicted labels. Of models, the first.
    """
    table = opened.dataset.first
    source = table if opened.labels is None else opened.labels.first
    found: dict[str, str | bool | None] = dict(_reading(opened, opened.files.first))
    found |= _said(opened, request)
    found["--label-column"] = _named(source, known.found.truth.columns)
    if opened.long is not None:
        found["--long"] = ",".join(opened.long.names)
        if opened.labels is None:
            found["--label-column"] = opened.long.label_column
    for option, column in (
        ("--id-column", known.found.id_column),
        ("--sample-weight-column", known.found.sample_weight),
    ):
        found[option] = None if column is None else _named(table, [column])
    classes = known.reading.classes if layout is None else layout.classes
    if classes is not None:
        found["--classes"] = _joined(classes)
    if layout is None or known.chosen is None:
        found["--scores"] = NO_SCORES
        found["--predicted-column"] = (
            None if known.predicted is None else _named(table, [known.predicted])
        )
        return _given(found)
    columns = known.chosen.columns if known.are_models else layout.columns
    if opened.long is None:
        found["--scores"] = _named(table, columns)
    found["--input"] = layout.kind.value
    found["--task"] = layout.form.task.value
    if known.are_models or layout.form.task is not Task.BINARY:
        if known.are_models:
            found["--positive-class"] = layout.classes[layout.form.positive]
        return _given(found)
    if layout.predicted is None:
        found["--positive-class"] = layout.classes[layout.form.positive]
    else:
        found["--confidence-of"] = ConfidenceOf.PREDICTED.value
        found["--predicted-column"] = _named(table, [layout.predicted.column])
    return _given(found)


def _said(opened: Opened, request: ScoreRequest) -> Options:
    """Return what the user says of labels and dialects, as far as that is a text or a switch."""
    given = opened.reading.given
    found: Options = {f"--{option}": given[option] for option in _TEXTS if option in given}
    found |= {f"--{option}": True for option in _SWITCHES if option in given}
    if request.separator is not None:
        found["--label-separator"] = request.separator
    if request.ignored:
        found["--ignore"] = ",".join(sorted(request.ignored))
    return found


_TEXTS = ("missing", "skip-lines", "comment", "quote-char", "escape-char", "encoding", "member")
_SWITCHES = ("strip", "casefold", "no-quoting")


def _given(found: dict[str, str | bool | None]) -> Options:
    return {option: value for option, value in found.items() if value is not None}


def _reading(opened: Opened, table: Table) -> Options:
    """Return how the files are read, where one way holds for all."""
    tables = [*opened.files.tables, *(() if opened.labels is None else opened.labels.tables)]
    ways = {(one.file.format.name, one.dialect) for one in tables}
    if len(ways) > 1 or table.file.table is not None:
        return {}
    found: Options = {"--input-format": table.file.format.name}
    dialect = table.dialect
    if dialect is None or "delimiter" not in table.file.format.options:
        return found
    found["--delimiter"] = "tab" if dialect.delimiter == "\t" else dialect.delimiter
    found["--header" if dialect.header else "--no-header"] = True
    return found


def _named(table: Table, columns: Sequence[Column]) -> str | None:
    """Name columns as they can be typed: by name, else by number; None where neither will do."""
    names = list(table.names)
    by_name = [column.name for column in columns]
    alone = len(columns) == 1
    if all(names.count(name) == 1 and name for name in by_name):
        joined = ",".join(by_name)
        if alone or (joined not in names and "*" not in joined):
            if alone or not any("," in name for name in by_name):
                return joined
    numbers = [str(column.place + 1) for column in columns]
    return None if set(numbers) & set(names) else ",".join(numbers)


def _joined(classes: Sequence[str]) -> str | None:
    joined = ",".join(classes)
    is_plain = all(label and "," not in label for label in classes)
    return joined if is_plain and not names_file(joined) else None
