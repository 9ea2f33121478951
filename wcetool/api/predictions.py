"""Predictions, and the truth where it is elsewhere, opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Unpack

from wcetool.api.inputs import effective_options, file_notes, without_idle_member
from wcetool.core.vocabulary import Duplicates, Unmatched, parse_word
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.finding import find_files
from wcetool.data.memory import as_paths, label_dataset
from wcetool.data.options import ReadingKeywords, ReadingOptions, refuse_idle
from wcetool.engine.resources import Resources
from wcetool.errors import UsageError

if TYPE_CHECKING:
    from wcetool.data.long_format import LongRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How predictions and the truth are matched.

    Attributes
    ----------
    id_column : str or None
        A column of both; None for the order of the rows.
    skip_unmatched, allow_duplicates : bool
        What a match on ids passes over.
    """

    id_column: str | None = None
    skip_unmatched: bool = False
    allow_duplicates: bool = False

    @classmethod
    def of(
        cls,
        labels: Any,
        id_column: str | int | None,
        unmatched: str | None,
        duplicates: str | None,
        defaults: Collection[str],
    ) -> Matching:
        """Check the options.

        Raises
        ------
        UsageError
            If one is wrong, or has no effect.
        """
        if id_column is not None and labels is None:
            refuse_idle("id-column", "the labels are beside the scores", defaults)
            id_column = None
        policies = {
            "unmatched": parse_word(
                Unmatched, unmatched, option="--unmatched", default=Unmatched.ERROR
            ),
            "duplicates": parse_word(
                Duplicates, duplicates, option="--duplicates", default=Duplicates.ERROR
            ),
        }
        if id_column is None:
            for option, policy in policies.items():
                if policy.value != "error":
                    refuse_idle(option, "nothing is matched by --id-column", defaults)
            return cls()
        return cls(
            id_column=str(id_column),
            skip_unmatched=policies["unmatched"] is Unmatched.SKIP,
            allow_duplicates=policies["duplicates"] is Duplicates.ALLOW,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is read, and how.

    Attributes
    ----------
    dataset : Dataset
        The predictions.
    reading : ReadingOptions
        What the user says of the files.
    labels : Dataset or None
        The truth, where it is not beside the scores.
    matching : Matching
        How the two are matched.
    resources : Resources
        Threads and memory.
    notes : tuple of str
        What was decided when the files were opened.
    long : LongRows or None
        The predictions as they were, where a row was an id and a class.
    """

    dataset: Dataset
    reading: ReadingOptions
    labels: Dataset | None = None
    matching: Matching = field(default_factory=Matching)
    resources: Resources = field(default_factory=Resources.of)
    notes: tuple[str, ...] = ()
    long: LongRows | None = None

    @property
    def files(self) -> Dataset:
        """The files of the predictions."""
        return self.dataset if self.long is None else self.long.source

    @property
    def id_column(self) -> str | None:
        """The column by which predictions and truth are matched."""
        return self.matching.id_column


def open_predictions(
    preds: Any,
    labels: Any,
    matching: Matching,
    resources: Resources,
    long: str | Sequence[str] | None = None,
    **reading: Unpack[ReadingKeywords],
) -> Opened:
    """Open predictions and the truth; `long` names the columns of id, class and probability.

    Raises
    ------
    InputError
        If a file cannot be read.
    UsageError
        If an option is wrong, or has no effect.
    """
    paths = as_paths(preds, texts=True)
    if paths is None:
        raise UsageError("score_file takes paths; score takes arrays")
    options = ReadingOptions.of(**reading)
    files = find_files(paths, options)
    truth_paths = None if labels is None else as_paths(labels)
    truth_files = [] if truth_paths is None else find_files(truth_paths, options)
    options = without_idle_member(options, (*files, *truth_files))
    options = effective_options(options, [file.format for file in (*files, *truth_files)])
    if labels is not None and matching.id_column is None:
        options.refuse_skipped_rows("labels and predictions are matched by row order")
    dataset = open_files(files, options)
    opened = Opened(
        dataset=dataset,
        reading=options,
        matching=matching,
        resources=resources,
        notes=(*file_notes([*files, *truth_files], options), *dataset.notes),
    )
    if long is not None:
        opened = _pivoted(opened, long, has_labels=labels is not None)
    if labels is None:
        return opened
    truth = label_dataset(labels) if truth_paths is None else open_files(truth_files, options)
    return replace(opened, labels=truth, notes=(*opened.notes, *truth.notes))


def _pivoted(opened: Opened, long: str | Sequence[str], *, has_labels: bool) -> Opened:
    """Give every id a row."""
    from wcetool.data.long_format import long_columns, pivoted  # few files are

    found = pivoted(
        opened.dataset,
        long_columns(long),
        opened.reading,
        has_labels=has_labels,
        allowed=opened.resources.memory,
    )
    reading = opened.reading
    if found.label is not None:
        reading = replace(reading, label_column=found.label)
    given = {**reading.given, "long": ",".join(found.names)}
    return replace(
        opened,
        dataset=found.wide,
        reading=replace(reading, given=given),
        notes=(*opened.notes, *found.notes),
        long=found,
    )


def scores_of(
    opened: Opened, scores: str | Sequence[str] | None, defaults: Collection[str]
) -> str | Sequence[str] | None:
    """Return the score columns: what the user says, or the classes of a long file.

    Raises
    ------
    UsageError
        If the user names columns of a long file.
    """
    if opened.long is None:
        return scores
    if scores is not None:
        refuse_idle("scores", "--long names the columns", defaults)
    return opened.long.classes
