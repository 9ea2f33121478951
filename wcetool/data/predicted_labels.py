"""The column of predicted labels: how it is known, so that it is never the truth or a score."""

from __future__ import annotations

import re

from wcetool.data.columns import find_column, refuse_no_labels
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.errors import InputError, quoted

PREDICTED_NAMES = (
    "pred",
    "preds",
    "predicted",
    "prediction",
    "predictions",
    "predicted_label",
    "predicted_labels",
    "predicted_class",
    "predicted_classes",
    "predicted_class_name",
    "predicted_class_label",
    "pred_label",
    "pred_labels",
    "pred_class",
    "pred_class_name",
    "prediction_label",
    "predicted_target",
    "predicted_y",
    "label_pred",
    "label_predicted",
    "class_pred",
    "y_pred",
    "y_preds",
    "y_predicted",
    "y_hat",
    "yhat",
)
_BETWEEN = re.compile(r"[\s.-]+")


def is_predicted_name(name: str) -> bool:
    """Tell whether a column is called as columns of predicted labels are."""
    return _BETWEEN.sub("_", name.strip().casefold()) in PREDICTED_NAMES


def predicted_columns(table: Table, taken: tuple[Column, ...] = ()) -> list[Column]:
    """List the columns that are called as columns of predicted labels are, and may hold labels."""
    places = {column.place for column in taken}
    return [
        column
        for column in table.columns
        if is_predicted_name(column.name)
        and column.holds in (Holds.TEXT, Holds.NUMBERS)
        and column.place not in places
    ]


def choose_predicted_column(
    table: Table, wanted: str | None, taken: tuple[Column, ...]
) -> Column | None:
    """Return the column of predicted labels; None where there is none.

    Parameters
    ----------
    table : Table
        The predictions.
    wanted : str, optional
        What the user said: a name, or a number from 1.
    taken : tuple of Column
        Columns that are something else.

    Raises
    ------
    InputError
        If there are several, or the one that is named is something else.
    """
    if wanted is not None:
        column = find_column(table, wanted, option="--predicted-column")
        refuse_no_labels(table, column)
        if any(column.place == one.place for one in taken):
            raise InputError(
                f"column {column.name!r} is the label, a score, a sample weight or an id",
                where=table.file.path,
                hint="--predicted-column with another column",
            )
        return column
    found = predicted_columns(table, taken)
    if len(found) > 1:
        raise InputError(
            f"{len(found)} columns may hold the predicted label: {quoted(c.name for c in found)}",
            where=table.file.path,
            hint=f"--predicted-column {found[0].name}",
        )
    return found[0] if found else None
