"""Predictions and truth in different files, matched by an id in a column of each.

The ids of the truth are held in memory: as text, and as sorted 64-bit hashes with the row of each.
The ids of a batch of predictions are hashed and looked up, and every hit is compared as text, so
different ids never match, whatever their hashes. Ids are texts by the rule of labels: `1` of a CSV
file is the integer 1 of a Parquet file, and neither `1.0` nor `01`.

What is not here: reading the labels of the truth, whose rows are numbered as its ids are.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import BoolArray, IntArray
from wcetool.data import arrow, streams
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts
from wcetool.data.labels import Distinct
from wcetool.data.read_rows import ReadRows
from wcetool.errors import LISTED, InputError, counted, quoted

_TEXT = pa.large_string()  # offsets of 64 bits: all ids together may be longer than 2 GB
_KEYS_AT_ONCE = 1 << 16  # texts that are Python objects at the same time
_MISSING = -1
# What may tell ids apart that mean the same, as an expression that leaves it out, and what to do.
_DIFFERENCES = (
    (r"^\s+|\s+$", "the ids differ in the white space around them: take it off in both files"),
    (r"\.0$", "the ids are floats in one of the files, such as 1.0: write them as integers"),
    (r"^0+", "the ids have leading zeros in one of the files: write them alike"),
)


@dataclass(frozen=True, slots=True)
class JoinCounts:
    """How many predictions and ids found a partner.

    Attributes
    ----------
    matched : int
        Predictions with a row of the truth.
    predictions_without_truth : int
        The other predictions.
    truth_without_prediction : int
        Ids of the truth that no prediction has.
    repeated_in_truth : int
        Ids that several rows of the truth have.
    repeated_in_predictions : int
        Ids of the truth that several predictions have.
    """

    matched: int
    predictions_without_truth: int
    truth_without_prediction: int
    repeated_in_truth: int
    repeated_in_predictions: int


def join_notes(counts: JoinCounts, id_column: str) -> list[str]:
    """Say how predictions and labels were matched, and what had no partner or several."""
    rows = counted(counts.matched, "row")
    notes = [f"predictions and labels are matched by column {quoted([id_column])}: {rows}"]
    if counts.predictions_without_truth:
        n = counted(counts.predictions_without_truth, "prediction")
        notes.append(f"not among the labels, and left out: {n} (--unmatched skip)")
    if counts.truth_without_prediction:
        n = counted(counts.truth_without_prediction, "id")
        notes.append(f"labels without a prediction: {n} (--unmatched skip)")
    if counts.repeated_in_truth:
        n = counted(counts.repeated_in_truth, "id")
        notes.append(f"several times among the labels, which agree: {n} (--duplicates allow)")
    if counts.repeated_in_predictions:
        n = counted(counts.repeated_in_predictions, "id")
        notes.append(f"several predictions, and each of them counts: {n} (--duplicates allow)")
    return notes


class IdIndex:
    """The ids of the truth, and which of them predictions have.

    `IdIndex.read` makes one. Threads may look ids up at the same time: what is counted, and which
    ids an error names, does not depend on their order. It is of use in one process only, since the
    hashes of texts differ between processes.

    Attributes
    ----------
    where : str
        The first file of the truth.
    n_rows : int
        Rows of the truth.
    repeated, first : int64 arrays of shape (n_repeated,)
        The rows that have the id of an earlier row, in order, and the first row that has it; from
        0, over all files.
    read_rows : ReadRows
        What was read of the truth.
    """

    def __init__(self, texts: pa.Array, keys: IntArray, origin: _Origin, read: ReadRows) -> None:
        self.where = origin.where
        self.n_rows = len(texts)
        self.read_rows = read
        self._texts = texts
        self._origin = origin
        groups, self._salt = _Groups.of(keys), ""
        while not _equal(_chosen(texts, groups.repeated), _chosen(texts, groups.first)).all():
            # Different ids with one hash: once in a million files of millions of ids.
            self._salt += "\0"
            groups = _Groups.of(_hashes(texts, self._salt))
        self.repeated, self.first = groups.repeated, groups.first
        self._keys, self._rows = groups.keys, groups.rows
        self._lock = threading.Lock()
        self._used = np.zeros(self.n_rows, dtype=np.bool_)
        self._used_again = np.zeros(self.n_rows, dtype=np.bool_)
        self._matched = self._unmatched = 0
        self._first_unmatched: list[tuple[str, int, str]] = []  # file, row and id

    @classmethod
    def read(cls, dataset: Dataset, id_column: Column, *, allow_duplicates: bool) -> IdIndex:
        """Read the ids of the truth; standard input can be read again, for the labels.

        Parameters
        ----------
        dataset : Dataset
            The truth.
        id_column : Column
            Its column of ids.
        allow_duplicates : bool
            An id may be repeated: the caller compares what its rows say.

        Raises
        ------
        InputError
            If there are no rows, an id is missing, or is repeated and may not be.
        """
        dataset.refuse_empty()
        texts, keys = [], []
        origin, read, n_rows = _Origin(dataset.where, [], []), ReadRows(), 0
        for split in dataset.splits():
            origin.add(n_rows, split.file.path, split.first_row + 1)
            log, rows_above = ReadLog(), n_rows
            wanted = [Wanted(id_column, ColumnKind.LABEL)]
            for batch in dataset.batches(split, wanted, streams.uncounted, log, last=False):
                row = split.first_row + n_rows - rows_above + 1
                texts.append(_id_texts(batch.column(0), split.file.path, row))
                keys.append(_hashes(texts[-1]))
                n_rows += len(batch)
            read += ReadRows.of(split, n_rows - rows_above, log, HeaderDoubts())
        if not n_rows:
            raise InputError("has no rows", where=dataset.where)
        index = cls(pa.concat_arrays(texts), np.concatenate(keys), origin, read)
        if len(index.repeated) and not allow_duplicates:
            raise index._repeated_ids(id_column)
        return index

    def rows_of(self, ids: pa.Array, where: str, first_row: int) -> IntArray:
        """Find the ids of predictions; each prediction is to be asked for once, as it is counted.

        Parameters
        ----------
        ids : Array
            The column of a batch.
        where : str
            Its file.
        first_row : int
            The number of its first row there, from 1.

        Returns
        -------
        int64 array of shape (n_samples,)
            The first row of the truth with the id, from 0; -1 where there is none.

        Raises
        ------
        InputError
            If an id is missing; names the row.
        """
        texts = _id_texts(ids, where, first_row)
        rows = self._find(texts)
        found = rows[rows >= 0]
        in_order = np.sort(found)
        again = in_order[1:][in_order[1:] == in_order[:-1]]
        lost = np.flatnonzero(rows < 0)
        named = [
            (where, first_row + int(row), text)
            for row, text in zip(
                lost[:LISTED], arrow.as_values(_chosen(texts, lost[:LISTED])), strict=True
            )
        ]
        with self._lock:
            self._used_again[found[self._used[found]]] = True
            self._used_again[again] = True
            self._used[found] = True
            self._matched += len(found)
            self._unmatched += len(lost)
            self._first_unmatched = sorted(self._first_unmatched + named)[:LISTED]
        return rows

    def counts(self) -> JoinCounts:
        """Return what was counted so far."""
        return JoinCounts(
            matched=self._matched,
            predictions_without_truth=self._unmatched,
            truth_without_prediction=len(self._unused()),
            repeated_in_truth=len(np.unique(self.first)),
            repeated_in_predictions=int(np.count_nonzero(self._used_again)),
        )

    def finish(self, where: str, *, allow_unmatched: bool, allow_duplicates: bool) -> JoinCounts:
        """Look back on all predictions.

        Parameters
        ----------
        where : str
            Their first file.
        allow_unmatched : bool
            Predictions may lack a truth, and ids of the truth a prediction; but not all.
        allow_duplicates : bool
            Several predictions may have one id.

        Raises
        ------
        InputError
            If they do and may not; counts both sides, and names the first ids of each.
        """
        counts = self.counts()
        if counts.predictions_without_truth and not counts.matched:
            raise InputError(
                f"no prediction has an id of {self.where}",
                where=where,
                details=self._partnerless(counts, where),
                hint=self._difference() or "--id-column NAME, if another column holds the ids",
            )
        problems, details, hints = [], [], []
        if not allow_unmatched:
            if counts.predictions_without_truth:
                n = counts.predictions_without_truth
                problems.append(f"{_having(n, 'prediction')} no truth")
            if counts.truth_without_prediction:
                n = counts.truth_without_prediction
                problems.append(
                    f"{_having(n, 'id of the truth', 'ids of the truth')} no prediction"
                )
            if problems:
                details += self._partnerless(counts, where)
                hints.append("--unmatched skip leaves them out")
        if counts.repeated_in_predictions and not allow_duplicates:
            n = counts.repeated_in_predictions
            problems.append(f"{_having(n, 'id')} several predictions")
            some = self._ids(np.flatnonzero(self._used_again)[:LISTED])
            details.append(f"with several predictions: {_first_of(some, n)}")
            hints.append("--duplicates allow scores each prediction")
        if problems:
            message, hint = ", ".join(problems), "; ".join(hints)
            raise InputError(message, where=where, details=details, hint=hint)
        return counts

    def conflicts(self, differs: BoolArray, shown: Sequence[str] = ()) -> InputError:
        """Return the error for rows that repeat an id and say something else than its first row.

        Parameters
        ----------
        differs : bool array of shape (n_repeated,)
            Which of `repeated` do.
        shown : sequence of str
            What the first few of them say: a text a row, fit for a message.
        """
        rows, firsts = self.repeated[differs], self.first[differs]
        n = len(np.unique(firsts))
        details = []
        for i, (row, first) in enumerate(zip(rows[:LISTED], firsts[:LISTED], strict=True)):
            says = f": {shown[i]}" if i < len(shown) else ""
            both = f"{self._origin.name(first)} and {self._origin.name(row)}"
            details.append(f"{quoted(self._ids(firsts[i : i + 1]))} in {both}{says}")
        if len(rows) > LISTED:
            details.append(f"… {len(rows) - LISTED:,} more rows")
        return InputError(
            f"{counted(n, 'id is', 'ids are')} repeated with different labels",
            where=self.where,
            details=details,
        )

    def _find(self, texts: pa.Array) -> IntArray:
        """Return the row of each text in the truth, -1 where it has none."""
        keys = _hashes(texts, self._salt)
        order = np.argsort(keys)  # neighbours are found in memory that is in the cache
        keys = keys[order]
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        hit = self._keys[places] == keys
        asked, rows = order[hit], self._rows[places[hit]]
        same = _equal(_chosen(texts, asked), _chosen(self._texts, rows))
        found = np.full(len(texts), -1, dtype=np.int64)
        found[asked[same]] = rows[same]
        return found

    def _ids(self, rows: IntArray) -> list[str]:
        return arrow.as_values(_chosen(self._texts, rows))

    def _unused(self) -> IntArray:
        """Return the first row of each id that no prediction has."""
        unused = ~self._used
        unused[self.repeated] = False
        return np.flatnonzero(unused)

    def _partnerless(self, counts: JoinCounts, where: str) -> list[str]:
        """Name the first few ids that only one side has."""
        details = []
        if counts.predictions_without_truth:
            ids = [text for _, _, text in self._first_unmatched]
            details.append(f"only in {where}: {_first_of(ids, counts.predictions_without_truth)}")
        if counts.truth_without_prediction:
            ids = self._ids(self._unused()[:LISTED])
            details.append(
                f"only in {self.where}: {_first_of(ids, counts.truth_without_prediction)}"
            )
        return details

    def _difference(self) -> str | None:
        """Say what keeps the ids of the first predictions from being in the truth, if one can."""
        import pyarrow.compute as pc

        ids = arrow.from_texts([text for _, _, text in self._first_unmatched]).cast(_TEXT)
        for pattern, advice in _DIFFERENCES:
            ours, theirs = (
                pc.replace_substring_regex(texts, pattern=pattern, replacement="")
                for texts in (ids, self._texts)
            )
            if pc.any(pc.is_in(ours, value_set=theirs)).as_py():
                return advice
        return None

    def _repeated_ids(self, id_column: Column) -> InputError:
        firsts = np.unique(self.first)
        details = []
        for first in firsts[:LISTED]:
            rows = [first, *self.repeated[self.first == first][:LISTED]]
            more = int(np.count_nonzero(self.first == first)) + 1 - len(rows)
            named = ", ".join(map(self._origin.name, rows)) + (f", … {more:,} more" if more else "")
            details.append(f"{quoted(self._ids(np.array([first])))}: {named}")
        if len(firsts) > LISTED:
            details.append(f"… {len(firsts) - LISTED:,} more ids")
        return InputError(
            f"{counted(len(firsts), 'id is', 'ids are')} in several rows of column "
            f"{quoted([id_column.name])}",
            where=self.where,
            details=details,
            hint="--duplicates allow, where their labels are equal",
        )


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where the rows of the truth are from.

    Attributes
    ----------
    where : str
        The first file.
    starts : list of int
        The first row of each part, over all files.
    parts : list of (str, int)
        The file of each part, and the number of its first row there, from 1.
    """

    where: str
    starts: list[int]
    parts: list[tuple[str, int]]

    def add(self, start: int, path: str, first_row: int) -> None:
        """Add a part."""
        self.starts.append(start)
        self.parts.append((path, first_row))

    def name(self, row: int) -> str:
        """Name a row, with its file where there are several."""
        part = bisect_right(self.starts, row) - 1
        path, first_row = self.parts[part]
        number = f"row {first_row + row - self.starts[part]:,}"
        several = any(other != path for other, _ in self.parts)
        return f"{path} {number}" if several else number


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Rows by their keys.

    Attributes
    ----------
    keys : int64 array of shape (n_keys,)
        Sorted, each once.
    rows : int64 array of shape (n_keys,)
        The first row of each.
    repeated, first : int64 arrays of shape (n_repeated,)
        The other rows, in order, and the first row with the same key.
    """

    keys: IntArray
    rows: IntArray
    repeated: IntArray
    first: IntArray

    @classmethod
    def of(cls, keys: IntArray) -> _Groups:
        """Group the rows."""
        order = np.argsort(keys)
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        if len(starts) == len(keys):
            none = np.empty(0, dtype=np.int64)
            return cls(keys, order, none, none)
        rows = np.minimum.reduceat(order, starts)
        first = np.repeat(rows, np.diff(starts, append=len(keys)))
        again = order != first
        repeated, first = order[again], first[again]
        in_order = np.argsort(repeated)
        return cls(keys[starts], rows, repeated[in_order], first[in_order])


def _id_texts(column: pa.Array, where: str, first_row: int) -> pa.Array:
    """Return ids as text.

    Raises
    ------
    InputError
        If an id is missing, or no text.
    """
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if _is_written_alike(kind):
        try:
            texts = column.cast(_TEXT)
            texts.validate(full=True)
        except pa.ArrowInvalid:
            raise InputError("an id is not UTF-8 text", where=where) from None
    else:
        distinct = Distinct(column, where)
        by_code = arrow.from_texts([text or "" for text in (*distinct.texts, None)]).cast(_TEXT)
        codes = distinct.codes.astype(np.int64)
        texts = _chosen(by_code, np.where(codes < 0, len(distinct.texts), codes))
    missing = np.flatnonzero(arrow.as_numpy(pc.binary_length(texts), null=0) == 0)
    if len(missing):
        raise InputError("the id is missing", where=f"{where}: row {first_row + missing[0]:,}")
    return texts


def _is_written_alike(kind: pa.DataType) -> bool:
    """Tell whether Arrow writes values of a type as labels are written."""
    return any(
        test(kind)
        for test in (
            pa.types.is_integer,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
        )
    )


def _hashes(texts: pa.Array, salt: str = "") -> IntArray:
    """Hash texts; Python's own hash is keyed, so that no file can be made to collide."""
    found = np.empty(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _KEYS_AT_ONCE):
        part: Iterable[str] = arrow.as_values(texts.slice(start, _KEYS_AT_ONCE))
        if salt:
            part = map(salt.__add__, part)
        into = found[start : start + _KEYS_AT_ONCE]
        into[:] = np.fromiter(map(hash, part), dtype=np.int64, count=len(into))
    return found


def _chosen(texts: pa.Array, rows: IntArray) -> pa.Array:
    return texts.take(arrow.from_numpy(rows))


def _equal(texts: pa.Array, others: pa.Array) -> BoolArray:
    import pyarrow.compute as pc

    same = arrow.as_numpy(pc.equal(texts, others).cast(pa.uint8()), null=0)
    return same.astype(np.bool_)


def _first_of(ids: Sequence[str], total: int) -> str:
    """Return a few ids as `repr`, and how many more there are."""
    more = total - len(ids)
    return quoted(ids) + (f", … {more:,} more" if more else "")


def _having(n: int, thing: str, things: str | None = None) -> str:
    return f"{counted(n, thing, things)} {'has' if n == 1 else 'have'}"
