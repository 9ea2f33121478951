"""The formats that are known, one line each: what they are called, and which module reads them.

To add a format, enter it here, say in `recognition` how its content is known, and write its module
in `formats`. pyarrow is not loaded for this.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

TEXT_OPTIONS = frozenset(
    (
        "delimiter",
        "header",
        "quote-char",
        "escape-char",
        "no-quoting",
        "skip-lines",
        "comment",
        "encoding",
        "max-row",
        "decimal",
        "bad-rows",
    )
)
COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatInfo:
    """What there is to know of a format before a file is read.

    Attributes
    ----------
    name : str
        What `--input-format` calls it.
    title : str
        What messages call it.
    suffixes : tuple of str
        Of file names, below a compression suffix.
    module : str or None
        In `wcetool.data.formats`; None for counts, which hold no rows.
    magic : tuple of bytes
        Every such file begins with one of them; none for text.
    delimiter : str or None
        The usual one of text with columns.
    options : frozenset of str
        The options of `TEXT_OPTIONS` that have an effect on it.
    needs_file : bool
        It is read from more than one place: not inside a compression, a stream is copied first.
    is_folder : bool
        A folder, not a file.
    has_parts : bool
        A file may hold several tables, of which `--member` names one.
    any_rows : bool
        A split may begin and end at any row.
    """

    name: str
    title: str
    suffixes: tuple[str, ...] = ()
    module: str | None = None
    magic: tuple[bytes, ...] = ()
    delimiter: str | None = None
    options: frozenset[str] = frozenset()
    needs_file: bool = False
    is_folder: bool = False
    has_parts: bool = False
    any_rows: bool = False


_ENCODING = frozenset({"encoding"})

CSV = FormatInfo(
    name="csv",
    title="CSV",
    suffixes=(".csv",),
    module="delimited",
    delimiter=",",
    options=TEXT_OPTIONS,
)
TSV = FormatInfo(
    name="tsv",
    title="TSV",
    suffixes=(".tsv", ".tab"),
    module="delimited",
    delimiter="\t",
    options=TEXT_OPTIONS,
)
PARQUET = FormatInfo(
    name="parquet",
    title="Parquet",
    suffixes=(".parquet", ".pq"),
    module="parquet",
    magic=(b"PAR1",),
    needs_file=True,
)
JSONL = FormatInfo(
    name="jsonl",
    title="JSON Lines",
    suffixes=(".jsonl", ".ndjson"),
    module="json_lines",
    options=_ENCODING,
)
JSON = FormatInfo(
    name="json", title="JSON", suffixes=(".json",), module="json_array", options=_ENCODING
)
COCO = FormatInfo(name="coco", title="COCO annotations", module="coco", options=_ENCODING)
NPY = FormatInfo(
    name="npy",
    title="a NumPy array",
    suffixes=(".npy",),
    module="npy",
    magic=(b"\x93NUMPY",),
    needs_file=True,
    any_rows=True,
)
NPZ = FormatInfo(
    name="npz",
    title="NumPy arrays",
    suffixes=(".npz",),
    module="npz",
    needs_file=True,
    has_parts=True,
)
ARROW = FormatInfo(
    name="arrow",
    title="Arrow (Feather, IPC)",
    suffixes=(".feather", ".arrow", ".ipc", ".arrows"),
    module="arrow_ipc",
    magic=(b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"),
    needs_file=True,
)
ORC = FormatInfo(
    name="orc",
    title="ORC",
    suffixes=(".orc",),
    module="orc",
    magic=(b"ORC",),
    needs_file=True,
)
EXCEL = FormatInfo(
    name="excel",
    title="Excel",
    suffixes=(".xlsx", ".xlsm", ".xls"),
    module="excel",
    options=frozenset({"header", "skip-lines"}),
    magic=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    needs_file=True,
    has_parts=True,
)
SPSS = FormatInfo(
    name="spss",
    title="SPSS",
    suffixes=(".sav", ".zsav", ".por"),
    module="statistical",
    options=_ENCODING,
    magic=(b"$FL2", b"$FL3"),
    needs_file=True,
)
STATA = FormatInfo(
    name="stata",
    title="Stata",
    suffixes=(".dta",),
    module="statistical",
    magic=(b"<stata_dta>",),
    needs_file=True,
)
SAS = FormatInfo(
    name="sas",
    title="SAS",
    suffixes=(".sas7bdat", ".xpt"),
    module="statistical",
    magic=(
        bytes(12) + b"\xc2\xea\x81\x60",
        b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!",
        b"HEADER RECORD*******LIBV8",
    ),
    options=_ENCODING,
    needs_file=True,
)
ARFF = FormatInfo(
    name="arff",
    title="ARFF (Weka, KEEL)",
    suffixes=(".arff",),
    module="arff",
    delimiter=",",
    options=_ENCODING,
)
CONLLU = FormatInfo(
    name="conllu",
    title="CoNLL-U",
    suffixes=(".conllu",),
    module="conll",
    delimiter="\t",
    options=_ENCODING,
)
CONLL = FormatInfo(
    name="conll",
    title="CoNLL (a token a line)",
    suffixes=(".conll", ".bio", ".iob"),
    module="conll",
    options=frozenset({"encoding", "skip-lines", "comment"}),
)
ORANGE = FormatInfo(
    name="orange", title="Orange", module="orange", delimiter="\t", options=_ENCODING
)
LIST = FormatInfo(
    name="list",
    title="a list of labels",
    module="label_list",
    options=frozenset({"encoding", "header", "skip-lines", "comment"}),
)
YOLO = FormatInfo(name="yolo", title="YOLO labels", module="yolo", is_folder=True)
IMAGES = FormatInfo(
    name="images", title="images in a folder a class", module="image_folder", is_folder=True
)
MASKS = FormatInfo(
    name="masks",
    title="segmentation masks",
    suffixes=(".png",),
    module="masks",
    magic=(b"\x89PNG\r\n\x1a\n",),
    needs_file=True,
)
COUNTS = FormatInfo(name="counts", title="counts")
MEMORY = FormatInfo(name="memory", title="memory", module="memory")

FORMATS = {
    info.name: info
    for info in (
        *(CSV, TSV, PARQUET, JSONL, JSON, NPY, NPZ, ARROW, ORC, EXCEL, SPSS, STATA, SAS),
        *(ARFF, CONLLU, CONLL, ORANGE, LIST, COCO, YOLO, IMAGES, MASKS, COUNTS),
    )
}


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
