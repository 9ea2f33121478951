"""Column values -> labels: one rule for the text of a value, whatever the format.

The same table gives the same labels from CSV and from Parquet: integers as digits, whole floats as
`1.0`, booleans as `True` and `False`, NaN and null as missing. Text is touched once per distinct
value of a batch.
"""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.arrays import IntArray
from wcetool.core.distribution import LabelTally
from wcetool.data import arrow
from wcetool.data.headers import HeaderGuard
from wcetool.data.joined_labels import joined_labels
from wcetool.data.options import CLASS_CHARACTERS, LabelRules, without_bio
from wcetool.errors import InputError, quoted

FEW_TEXTS = 16
_VOID, _GREY_VALUES = "255", 200
MISSING, IGNORED = -1, -2  # instead of a class
_USUAL_MARKERS = (
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
    "none",
    "?",
    "-",
    "-100",
)


def is_label_type(kind: pa.DataType) -> bool:
    """Tell whether values of an Arrow type have a text that can be a label."""
    if pa.types.is_dictionary(kind):
        return is_label_type(kind.value_type)
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_boolean,
            pa.types.is_decimal,
            pa.types.is_date,
            pa.types.is_null,
        )
    )


def value_text(value: object) -> str | None:
    """Return the text of a value, None where it is missing.

    Examples
    --------
    >>> [value_text(v) for v in (1, 1.0, True, "001", float("nan"), None)]
    ['1', '1.0', 'True', '001', None, None]
    """
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return None
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"label {value[:40]!r} is not UTF-8 text") from None
    return str(value)


class Distinct:
    """A column as its distinct texts and, per row, the index of the text; -1 where null.

    Parameters
    ----------
    column : Array
        Values with a text.
    where : str
        The file, for errors.
    """

    __slots__ = ("codes", "texts")

    def __init__(self, column: pa.Array, where: str) -> None:
        if pa.types.is_null(column.type):
            self.texts: list[str | None] = []
            self.codes: npt.NDArray[np.signedinteger] = np.full(len(column), -1)
            return
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        values = column.dictionary
        if pa.types.is_float32(values.type) or pa.types.is_float16(values.type):
            # NumPy writes the shortest text of the narrow type, as pandas does in CSV.
            self.texts = [value_text(value) for value in arrow.as_numpy(values, null=math.nan)]
        else:
            try:
                self.texts = [value_text(value) for value in arrow.as_values(values)]
            except InputError as error:
                raise InputError(error.message, where=where) from None
            except UnicodeDecodeError as error:  # of a column of texts that are none
                raise InputError(
                    f"label {error.object[:40]!r} is not UTF-8 text", where=where
                ) from None
        self.codes = arrow.as_numpy(column.indices, null=-1)

    def count(self) -> tuple[int, list[int]]:
        """Count the nulls, and the rows of each text."""
        n_texts = len(self.texts)
        if n_texts <= FEW_TEXTS:
            # A byte a row: twice as fast as bincount, and other threads can run meanwhile.
            narrow = self.codes.astype(np.int8)
            nulls, *count = (int(np.count_nonzero(narrow == k)) for k in range(-1, n_texts))
            return nulls, count
        nulls, *count = np.bincount(self.codes + 1, minlength=n_texts + 1).tolist()
        return nulls, count


@dataclass(frozen=True, slots=True, eq=False)
class BatchLabels:
    """The labels of a batch.

    Attributes
    ----------
    by_text : list of str or None
        The label of each distinct text; None where it is missing, or in no row.
    texts : int array of shape (n_samples,)
        Index of the text of each row; -1 where null.
    """

    by_text: list[str | None]
    texts: npt.NDArray[np.signedinteger]

    def encoded(self) -> tuple[list[str], IntArray]:
        """Return the distinct labels and, per row, the index of its label; `MISSING` for none."""
        place: dict[str, int] = {}
        codes = np.full(len(self.by_text) + 1, MISSING, dtype=np.int64)
        for text, label in enumerate(self.by_text):
            if label is not None:
                codes[text] = place.setdefault(label, len(place))
        return list(place), codes.take(self.texts, mode="wrap")  # -1 is the last: missing


class LabelCounter:
    """Count the labels of one split, batch by batch.

    Parameters
    ----------
    rules : LabelRules
        How text becomes a label.
    where : str
        The file, for errors.
    guard : HeaderGuard
        Sees every text.
    """

    def __init__(self, rules: LabelRules, where: str, guard: HeaderGuard) -> None:
        self._rules = rules
        self._where = where
        self._guard = guard
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._characters = 0
        self._missing = 0

    def add(self, column: pa.Array) -> BatchLabels:
        """Count a column, and return its labels.

        Raises
        ------
        InputError
            If there are more distinct labels than allowed.
        """
        distinct = Distinct(column, self._where)
        missing, count = distinct.count()
        self._missing += missing
        self._guard.see(distinct.texts)
        labels: list[str | None] = [None] * len(count)
        n_before = len(self._counts)
        for place, (text, n) in enumerate(zip(distinct.texts, count, strict=True)):
            if not n:
                continue
            label = self._rules.label(text)
            if label is None:
                self._missing += n
            else:
                self._counts[label] += n
                labels[place] = label
        fresh = itertools.islice(reversed(self._counts), len(self._counts) - n_before)
        self._characters += sum(map(len, fresh))
        check_class_limit(self._counts, self._rules, self._where, self._characters)
        return BatchLabels(labels, distinct.codes)

    def tally(self) -> LabelTally:
        """Return what was counted."""
        return LabelTally(dict(self._counts), self._missing)


class LabelEncoder:
    """Turn label columns into class codes.

    Parameters
    ----------
    classes : sequence of str
        The classes, in order.
    rules : LabelRules
        How text becomes a label.
    guard : HeaderGuard, optional
        Sees every text.
    ignored : collection of str
        Labels whose rows are left out, classes or not.
    """

    def __init__(
        self,
        classes: Sequence[str],
        rules: LabelRules,
        guard: HeaderGuard | None = None,
        ignored: Collection[str] = (),
    ) -> None:
        self._guard = guard
        self._ignored = ignored
        self.classes = classes
        self._code = {label: code for code, label in enumerate(classes)}
        self._rules = rules

    def encode(self, column: pa.Array, where: str) -> tuple[IntArray, dict[str, int]]:
        """Encode a column of a file.

        Returns
        -------
        target : int64 array of shape (n_samples,)
            Index into the classes; `MISSING` or `IGNORED` otherwise.
        unknown : dict of str to int
            Labels that are no class, with the first row (from 0) of each; their code is `MISSING`.
        """
        distinct = Distinct(column, where)
        if self._guard is not None:
            self._guard.see(distinct.texts)
        codes = np.full(len(distinct.texts) + 1, MISSING, dtype=np.int64)
        unknown: dict[str, int] = {}
        # A category without a row need not have a name.
        counts = None if self._rules.names is None else distinct.count()[1]
        for place, text in enumerate(distinct.texts):
            if counts is not None and not counts[place]:
                continue
            if text in self._ignored:
                codes[place] = IGNORED
                continue
            label = self._rules.label(text)
            if label is None:
                continue
            if label in self._code:
                codes[place] = self._code[label]
            else:
                rows = np.flatnonzero(distinct.codes == place)
                if len(rows):
                    unknown[label] = min(int(rows[0]), unknown.get(label, int(rows[0])))
        return codes.take(distinct.codes, mode="wrap"), unknown  # -1 is the last: missing


def relabelled(tally: LabelTally, rules: LabelRules) -> LabelTally:
    """Apply the rules for labels to counts that were made without them."""
    counts: defaultdict[str, int] = defaultdict(int)
    missing = tally.missing
    for text, n in tally.counts.items():
        label = rules.label(text)
        if label is None:
            missing += n
        else:
            counts[label] += n
    return LabelTally(dict(counts), missing)


def check_class_limit(
    labels: Collection[str], rules: LabelRules, where: str, characters: int | None = None
) -> None:
    """Refuse more distinct labels than allowed, or more text of them.

    Parameters
    ----------
    labels : collection of str
        The distinct labels.
    rules : LabelRules
        The limits.
    where : str
        The file, for errors.
    characters : int, optional
        How many the labels have together, where that is known.

    Raises
    ------
    InputError
        With the first labels, since they show what the column holds.
    """
    if len(labels) > rules.max_classes:
        raise InputError(
            f"more than {rules.max_classes:,} distinct labels: most likely an id column",
            where=where,
            details=(f"labels: {quoted(labels)}",),
            hint="--label-column NAME for another column, or --max-classes N",
        )
    if characters is None:
        characters = sum(map(len, labels))
    if characters > rules.max_characters:
        raise InputError(
            f"more than {rules.max_characters:,} characters of distinct labels: most likely a "
            "column of texts",
            where=where,
            details=(f"labels: {quoted(labels)}",),
            hint="--label-column NAME for another column, or --max-classes N, which allows "
            f"{CLASS_CHARACTERS} characters a class",
        )


def pixel_warnings(tally: Mapping[str, int]) -> list[str]:
    """Say what about the pixels of masks may not be what the user means.

    255 marks void beside small numbers; and masks with nearly all grey values are photos.
    """
    warnings = []
    others = tally.keys() - {_VOID}
    if _VOID in tally and len(others) > 1 and "254" not in others:
        meaning = f"{_VOID!r} counted as a class: in masks it often marks pixels without one"
        warnings.append(f"{meaning} (--missing {_VOID} to leave it out)")
    if len(tally) >= _GREY_VALUES:
        warnings.append(f"{len(tally):,} distinct values of pixels: these may be photos, not masks")
    return warnings


def label_warnings(tally: Mapping[str, int]) -> list[str]:
    """Say what about the labels may not be what the user means: nothing is merged or dropped."""
    groups: dict[object, list[str]] = defaultdict(list)
    for label in tally:
        groups[_likeness(label)].append(label)
    notes = []
    alike = sorted(sorted(group) for group in groups.values() if len(group) > 1)
    if alike:
        some = "; ".join(quoted(group) for group in alike[:3])
        more = f" and {len(alike) - 3} more groups" if len(alike) > 3 else ""
        notes.append(
            f"labels that differ only in case, spaces or number format are separate classes: "
            f"{some}{more} (--casefold, --strip or --names would merge them)"
        )
    tags = [label for label in tally if label != "O"]
    entities = {without_bio(tag) for tag in tags}
    if len(entities) < len(tags) and all(without_bio(tag) != tag for tag in tags):
        notes.append(
            f"tags that differ only in the place in an entity are separate classes: "
            f"{quoted(sorted(tags))} (--merge-bio would count entities: {quoted(sorted(entities))})"
        )
    joined = joined_labels(tally)
    if joined is not None:
        notes.append(
            f"{quoted(joined.labels)} counted as classes of their own, though each is made of "
            f"others (--label-separator '{joined.separator}' if a row has several labels)"
        )
    markers = [label for label in _USUAL_MARKERS if label in tally]
    if markers:
        notes.append(
            f"{quoted(markers)} counted as a class (--missing {','.join(markers)} to leave it out)"
            if len(markers) == 1
            else f"{quoted(markers)} counted as classes (--missing {','.join(markers)} to "
            "leave them out)"
        )
    return notes


def _likeness(label: str) -> object:
    """Return what two labels share that only look different."""
    folded = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
    try:
        number = Decimal(folded)  # exact: long integers are not alike because a float is short
    except ArithmeticError:
        return folded
    return number if number.is_finite() else folded
