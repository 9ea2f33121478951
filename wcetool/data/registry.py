"""The formats that are known, one line each: how a file is recognised, and which module reads it.

To add a format, enter it here and write its module in `formats`. pyarrow is not loaded for this.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """What there is to know of a format before a file is read.

    Attributes
    ----------
    name : str
        What `--input-format` calls it.
    suffixes : tuple of str
        Of file names, below a compression suffix.
    module : str or None
        In `wcetool.data.formats`; None for counts, which hold no rows.
    magic : bytes or None
        The first bytes of every such file.
    delimiter : str or None
        For text formats, the usual one.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str | None
    magic: bytes | None = None
    delimiter: str | None = None

    @property
    def is_text(self) -> bool:
        """The options of a dialect have an effect on it."""
        return self.delimiter is not None


CSV = FormatInfo("csv", (".csv",), "delimited", delimiter=",")
TSV = FormatInfo("tsv", (".tsv", ".tab"), "delimited", delimiter="\t")
PARQUET = FormatInfo("parquet", (".parquet", ".pq"), "parquet", magic=b"PAR1")
COUNTS = FormatInfo("counts", (".json",), None)
MEMORY = FormatInfo("memory", (), "memory")

FORMATS = {info.name: info for info in (CSV, TSV, PARQUET, COUNTS)}


def suffix_of(path: str) -> str:
    """Return the suffix of a path, below a compression suffix."""
    stem = path.lower()
    for suffix in COMPRESSION_SUFFIXES:
        stem = stem.removesuffix(suffix)
    return os.path.splitext(stem)[1]


def by_suffix(path: str) -> FormatInfo | None:
    """Return the format that the suffix of a path names."""
    suffix = suffix_of(path)
    return next((info for info in FORMATS.values() if suffix in info.suffixes), None)


def by_magic(head: bytes) -> FormatInfo | None:
    """Return the format that the first bytes of a file show."""
    return next(
        (info for info in FORMATS.values() if info.magic and head.startswith(info.magic)), None
    )
