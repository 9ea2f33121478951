"""What the columns beside the labels say, as part of counted labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from wcetool.core.distribution import ClassCounts
from wcetool.core.drift import Drift, GroupLeaks, SplitCounts, choose_reference, drift
from wcetool.core.label_weights import LabelWeights
from wcetool.data.beside_counting import BesideState
from wcetool.data.beside_labels import BesideColumns, BesideLabels
from wcetool.data.group_tally import GroupTally
from wcetool.errors import InputError, counted, quoted

if TYPE_CHECKING:
    from wcetool.core.schemes.evidence import GroupPresence

NOTHING_BESIDE = BesideLabels()
MOST_WEIGHT = 2.0**500  # of all rows: their squares are finite


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBeside:
    """Groups and splits, counted, and what was noticed; None where there are none."""

    groups: GroupPresence | None = None
    splits: SplitCounts | None = None
    leaks: GroupLeaks | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def weighted(
    counts: ClassCounts, parts: Sequence[LabelWeights | None], where: str
) -> tuple[ClassCounts, list[str]]:
    """Add the sums of sample weights to counts; the parts are those of the inputs.

    Raises
    ------
    InputError
        If only some inputs have sample weights, or their sum is 0 or too large.
    """
    known = [part for part in parts if part is not None]
    if not known:
        return counts, []
    if len(known) < len(parts):
        raise InputError(
            "some inputs have sample weights and some have none: their counts do not add up",
            where=where,
            hint="--sample-weight-column for rows, and counts of one kind",
        )
    sums = sum(known, start=LabelWeights()).in_order(counts.classes)
    total = float(np.minimum(sums, MOST_WEIGHT).sum())
    if not 0.0 < total < MOST_WEIGHT:
        raise InputError(
            "the sample weights sum to 0" if total == 0.0 else "the sample weights are too large",
            where=where,
            hint="--sample-weight-column with another column",
        )
    note = "shares, ratios and measures are of the sums of the sample weights, not of the rows"
    return replace(counts, weight_sum=sums), [note]


def beside_of(
    columns: BesideColumns, state: BesideState, counts: ClassCounts, where: str
) -> CountedBeside:
    """Put groups and splits in class order.

    Raises
    ------
    InputError
        If no row with a label has a group, or there are not two splits to compare.
    """
    groups = splits = leaks = None
    tally = GroupTally()
    warnings, notes = [], []
    if columns.group is not None:
        name = columns.group.name
        tally = state.groups.whole()
        groups = tally.presence(counts.classes)
        if not groups.n_groups:
            raise InputError(
                f"column {name!r} has no group for any labelled row",
                where=where,
                hint="--group-column with another column",
            )
        notes.append(f"{counted(groups.n_groups, 'group')} in column {name!r}")
        if tally.ungrouped:
            warnings.append(
                f"{counted(tally.ungrouped, 'row')} without a value in column {name!r}: "
                "they belong to no group"
            )
    if columns.split is not None:
        splits = SplitCounts.of_tallies(state.splits, counts.classes)
        _refuse_one_split(splits, columns.split.name, where)
        if splits.unassigned:
            warnings.append(
                f"{counted(splits.unassigned, 'row')} without a value in column "
                f"{columns.split.name!r}: they are counted, and left out of the drift"
            )
        if columns.group is not None:
            leaks = tally.leaks(splits.splits)
    return CountedBeside(
        groups=groups, splits=splits, leaks=leaks, notes=tuple(notes), warnings=tuple(warnings)
    )


def _refuse_one_split(splits: SplitCounts, name: str, where: str) -> None:
    if not splits.splits:
        raise InputError(
            f"column {name!r} has no value in any row",
            where=where,
            hint="--split-column with another column",
        )
    if len(splits.splits) == 1:
        raise InputError(
            f"column {name!r} has one value, {quoted(splits.splits)}: there is nothing to compare",
            where=where,
            hint="--split-column with another column, or all splits as inputs",
        )
    labelled = np.flatnonzero(splits.labelled)
    if len(labelled) < 2:
        raise InputError(
            f"only split {quoted(splits.splits[i] for i in labelled.tolist())} of column {name!r} "
            "has labels: there is nothing to compare",
            where=where,
            details=(f"splits: {quoted(splits.splits)}",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Splits, compared, and what was decided and noticed; no drift where there are no splits."""

    drift: Drift | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def compare(
    splits: SplitCounts, leaks: GroupLeaks | None, wanted: str | None, *, is_weighted: bool
) -> Compared:
    """Compare splits with the reference that is wanted, or chosen."""
    reference, reason = choose_reference(splits, wanted)
    found = drift(splits, reference, leaks)
    notes = []
    if reason is not None:
        notes.append(
            f"splits are compared with {quoted([reference])} ({reason}; --split-reference NAME)"
        )
    if is_weighted:
        notes.append("drift between splits is of the rows, without sample weights")
    return Compared(
        drift=found,
        parameters={"split-reference": reference},
        notes=tuple(notes),
        warnings=tuple(_drift_warnings(found)),
    )


def _drift_warnings(found: Drift) -> list[str]:
    warnings = []
    if found.empty:
        warnings.append(f"splits without any label, left out of the drift: {quoted(found.empty)}")
    if found.homogeneity.expected_below_5:
        what = counted(found.homogeneity.expected_below_5, "cell")
        warnings.append(
            f"{what} of splits by classes expected below 5: the p-values of chi-square and G are "
            "approximate"
        )
    if found.missing_in_split:
        gap, more = found.gaps[0], found.missing_in_split - 1
        rest = f", and {more:,} more such" if more else ""
        warnings.append(
            f"split {quoted([gap.split])} lacks class {quoted([gap.label])} (chance in a random "
            f"split: {gap.chance:.2g}){rest}"
        )
    leaks = found.leaks
    if leaks is not None and leaks.leaked:
        name, where = leaks.examples[0]
        warnings.append(
            f"{counted(leaks.leaked, 'group')} in more than one split, such as {quoted([name])} in "
            f"{quoted(where)}"
        )
    return warnings
