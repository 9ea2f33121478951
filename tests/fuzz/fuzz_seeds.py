"""Well-formed inputs that the fuzz suite breaks: at least one of every format, built here.

A seed is a small set of files, and how it is read. What a seed needs beyond wcetool's own
dependencies is left out where it is not installed.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import importlib.util
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Seed:
    """Files that can be read, which of them are to be broken, and the keywords that read them."""

    kind: str  # of a format, or a key of the other targets
    files: dict[str, bytes]
    broken: tuple[str, ...]  # names of the files that are mutated
    input: str  # what is named on the command line: a file or a folder
    options: dict[str, Any] = field(default_factory=dict)
    has_scores: bool = False
    is_text: bool = True


_FRAME = pd.DataFrame(
    {
        "id": range(12),
        "label": ["cat", "dog", "emu"] * 4,
        "p_cat": [0.5, 0.25, 0.125] * 4,
        "p_dog": [0.25, 0.5, 0.125] * 4,
        "p_emu": [0.25, 0.25, 0.75] * 4,
    }
)
_TABLE = pa.Table.from_pandas(_FRAME, preserve_index=False)
_LABELS = 'id,label,note\n1,cat,a\n2,dog,\n3,cat,"x, y"\n4,,"two\nlines"\n5,001,é\n'


def _one(kind: str, name: str, data: str | bytes, **more: Any) -> Seed:
    is_text = isinstance(data, str)
    content = data.encode() if isinstance(data, str) else data
    more = {"is_text": is_text, **more}
    return Seed(kind, {name: content}, (name,), name, **more)


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _csv() -> Iterator[Seed]:
    yield _one("csv", "labels.csv", _LABELS)
    yield _one("csv", "one.csv", "label\na\nb\n\na\n'b'\n\"c\"\n")
    yield _one("csv", "preds.csv", _FRAME.to_csv(index=False), has_scores=True)
    yield _one("csv", "semi.csv", _LABELS.replace(",", ";"), options={"delimiter": ";"})
    yield _one("csv", "y.csv", "y_a,y_b,y_c\n1,0,1\n0,1,\n1,1,0\n", options={"label_column": "y_*"})
    yield _one("csv", "sets.csv", "id,label\n1,a|b\n2,b\n3,\n", options={"label_separator": "|"})
    data = _LABELS.encode()
    yield _one("csv", "labels.csv.gz", gzip.compress(data, mtime=0))
    yield _one("csv", "labels.csv.bz2", bz2.compress(data))
    yield _one("csv", "labels.csv.xz", lzma.compress(data))
    yield _one("csv", "labels.csv.zst", pa.compress(data, codec="zstd", asbytes=True))
    yield _one("csv", "labels.csv.zip", _zip({"labels.csv": data}))
    yield _one("csv", "two.zip", _zip({"a.csv": data, "b.csv": data}), options={"member": "a.csv"})
    yield _one("csv", "labels.txt", _LABELS.encode("utf-16"), options={"encoding": "utf-16"})


def _tsv() -> Iterator[Seed]:
    yield _one("tsv", "labels.tsv", 'text\tlabel\na "b\ta\nc\tb\nd\ta\n')
    yield _one("tsv", "preds.tsv", _FRAME.to_csv(index=False, sep="\t"), has_scores=True)


def _parquet() -> Iterator[Seed]:
    def written(table: pa.Table, **more: Any) -> bytes:
        return _written(lambda stream: pq.write_table(table, stream, **more))

    yield _one("parquet", "preds.parquet", written(_TABLE), has_scores=True)
    plain = written(_TABLE, compression="none", use_dictionary=False, row_group_size=5)
    yield _one("parquet", "plain.parquet", plain, has_scores=True)
    columns = {
        "label": pa.array([1, 2, None, 2]),
        "score": pa.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0], [0.0, 1.0]]),
    }
    yield _one("parquet", "list.parquet", written(pa.table(columns)), has_scores=True)
    typed = pa.table(
        {
            "label": pa.array(["a", "b", "a"]).dictionary_encode(),
            "when": pa.array([0, 1, 2], pa.timestamp("us")),
            "nested": pa.array([{"a": [1]}, None, {"a": []}]),
            "flag": [True, False, None],
        }
    )
    yield _one("parquet", "typed.parquet", written(typed, compression="zstd"))


def _jsonl() -> Iterator[Seed]:
    rows = [{"label": "a", "x": {"y": "b"}, "n": 1.5}, {"x": {"y": None}, "label": "b"}]
    yield _one("jsonl", "labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows * 3))
    yield _one(
        "jsonl",
        "deep.jsonl",
        "".join(json.dumps(row) + "\n" for row in rows * 3),
        options={"label_column": "x.y"},
    )
    preds = [{"label": i % 2, "probs": [0.25, 0.75]} for i in range(4)]
    yield _one(
        "jsonl", "p.jsonl", "".join(json.dumps(row) + "\n" for row in preds), has_scores=True
    )
    named = [{"label": "a", "probs": {"a": 0.25, "b": 0.75}} for _ in range(4)]
    yield _one(
        "jsonl", "d.jsonl", "".join(json.dumps(row) + "\n" for row in named), has_scores=True
    )


def _json() -> Iterator[Seed]:
    rows = [{"label": "a", "meta": {"n": 1}}, {"label": "b", "meta": {"n": 2}}] * 3
    yield _one("json", "labels.json", json.dumps(rows, indent=1))
    yield _one("json", "texts.json", json.dumps(["a", "b", "a"]))


def _coco() -> Iterator[Seed]:
    document = {
        "info": {},
        "images": [{"id": 1, "width": 4, "height": 4}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]} for i in range(4)
        ],
    }
    yield _one("coco", "instances.json", json.dumps(document))


def _npy_bytes(values: np.ndarray) -> bytes:
    return _written(lambda stream: np.save(stream, values, allow_pickle=False))


def _npy() -> Iterator[Seed]:
    yield _one("npy", "labels.npy", _npy_bytes(np.array([0, 1, 1, 2], np.uint16)))
    yield _one("npy", "texts.npy", _npy_bytes(np.array(["a", "b", "a"])))
    scores = _npy_bytes(np.full((4, 2), 0.5))
    labels = _npy_bytes(np.array([0, 1, 1, 0]))
    yield Seed(
        "npy",
        {"scores.npy": scores, "truth.npy": labels},
        ("scores.npy", "truth.npy"),
        "scores.npy",
        {"labels": "truth.npy"},
        has_scores=True,
        is_text=False,
    )


def _npz() -> Iterator[Seed]:
    arrays = {"labels": np.array([0, 1, 1]), "probs": np.full((3, 2), 0.5)}
    data = _written(lambda stream: np.savez(stream, **arrays))
    yield _one("npz", "arrays.npz", data, has_scores=True)
    data = _written(lambda stream: np.savez_compressed(stream, labels=np.arange(4) % 2))
    yield _one("npz", "labels.npz", data)


def _arrow() -> Iterator[Seed]:
    def ipc(make: Callable[..., Any]) -> bytes:
        def write(stream: io.BytesIO) -> None:
            with make(stream, _TABLE.schema) as writer:
                writer.write_table(_TABLE, max_chunksize=5)

        return _written(write)

    yield _one("arrow", "file.arrow", ipc(pa.ipc.new_file), has_scores=True)
    yield _one("arrow", "stream.arrows", ipc(pa.ipc.new_stream), has_scores=True)
    feather = _written(
        lambda stream: pyarrow.feather.write_feather(_TABLE, stream, compression="zstd")
    )
    yield _one("arrow", "labels.feather", feather, has_scores=True)


def _orc() -> Iterator[Seed]:
    data = _written(lambda stream: pyarrow.orc.write_table(_TABLE, stream))
    yield _one("orc", "preds.orc", data, has_scores=True)


def _zip(members: dict[str, str | bytes]) -> bytes:
    def write(stream: io.BytesIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)

    return _written(write)


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def _excel() -> Iterator[Seed]:
    rows = "".join(
        f'<row r="{n}">'
        + "".join(
            f'<c r="{column}{n}" t="inlineStr"><is><t>{text}</t></is></c>'
            for column, text in zip("AB", cells, strict=True)
        )
        + "</row>"
        for n, cells in enumerate([("id", "label"), ("1", "a"), ("2", "b"), ("3", "a")], start=1)
    )
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    yield _one("excel", "labels.xlsx", _zip(members))


def _by_pyreadstat(
    kind: str, name: str, write: str, magic: bytes, **options: Any
) -> Iterator[Seed]:
    """Build a seed with pyreadstat; where it is not installed, only the first bytes are there."""
    if importlib.util.find_spec("pyreadstat") is None:
        yield _one(kind, name, magic + bytes(200))
        return
    import tempfile
    from pathlib import Path

    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        getattr(pyreadstat, write)(_FRAME[["id", "label"]], str(path), **options)
        yield _one(kind, name, path.read_bytes())


def _spss() -> Iterator[Seed]:
    return _by_pyreadstat("spss", "labels.sav", "write_sav", b"$FL2@(#) SPSS DATA FILE")


def _sas() -> Iterator[Seed]:
    magic = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 30
    return _by_pyreadstat("sas", "labels.xpt", "write_xport", magic, file_format_version=5)


def _stata() -> Iterator[Seed]:
    data = _written(
        lambda stream: _FRAME[["id", "label"]].to_stata(stream, write_index=False, version=118)
    )
    yield _one("stata", "labels.dta", data)


def _arff() -> Iterator[Seed]:
    yield _one(
        "arff",
        "labels.arff",
        "% a comment\n@relation 'r s'\n@attribute x numeric\n"
        "@attribute class {a, 'b c', d}\n@data\n1, a\n?, 'b c'\n2.5, ?\n{1 a}\n",
    )
    yield _one(
        "arff",
        "keel.dat",
        "@relation k\n@attribute x real [0.0, 1.0]\n@attribute Class {positive, negative}\n"
        "@inputs x\n@outputs Class\n@data\n0.5, negative\n<null>, positive\n",
    )


def _conllu() -> Iterator[Seed]:
    row = "{}\tthe\tthe\t{}\t_\t_\t0\troot\t_\t_"
    text = "# sent_id = 1\n" + "\n".join(
        row.format(n, tag) for n, tag in enumerate(["DET", "NOUN", "PUNCT"], start=1)
    )
    yield _one("conllu", "dev.conllu", f"{text}\n\n{text}\n\n")


def _conll() -> Iterator[Seed]:
    yield _one(
        "conll",
        "dev.conll",
        "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\n"
        "B. NNP I-NP I-PER\n\n",
    )
    yield _one("conll", "two.bio", "a B-X\nb I-X\n\nc O\n\n")


def _orange() -> Iterator[Seed]:
    yield _one("orange", "labels.tab", "x\tkind\nc\td\n\tclass\n1.0\ta\n2.0\tb\n")
    yield _one("orange", "prefix.tab", "C#x\tcD#kind\n1.0\ta\n2.0\tb\n")


def _list() -> Iterator[Seed]:
    yield _one("list", "train.txt", "a/b/1.jpg 0\na/b/2.jpg 1\na/c/3.jpg 1\n")
    yield _one("list", "labels.txt", "cat\ndog\n\ncat\n")


def _yolo() -> Iterator[Seed]:
    files = {
        "set/labels/1.txt": b"0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.2 0.2\n",
        "set/labels/2.txt": b"1 0.25 0.5 0.1 0.1\n",
        "set/labels/3.txt": b"",
        "set/data.yaml": b"nc: 2\nnames: [cat, dog]\n",
    }
    yield Seed("yolo", files, tuple(files), "set")


def png(pixels: np.ndarray) -> bytes:
    """Write a grey image of bytes as PNG."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width = pixels.shape
    raw = b"".join(b"\x00" + row.astype(np.uint8).tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def _images() -> Iterator[Seed]:
    image = png(np.zeros((2, 2)))
    files = {f"set/{name}": image for name in ("cat/1.png", "cat/2.png", "dog/1.png")}
    yield Seed("images", files, tuple(files), "set", is_text=False)


def _masks() -> Iterator[Seed]:
    mask = np.arange(16).reshape(4, 4) % 3
    grey = {"masks/1.png": png(mask), "masks/2.png": png(mask.T)}
    arrays = {"arrays/1.npy": _npy_bytes(mask.astype(np.uint8))}
    for folder, files in (("masks", grey), ("arrays", arrays)):
        yield Seed("masks", files, tuple(files), folder, {"input_format": "masks"}, is_text=False)
    yield _one("masks", "mask.png", png(mask))


def analysis_json() -> str:
    """Return counts as analyze writes them."""
    import wcetool
    from wcetool.results.document import to_json

    return to_json(wcetool.analyze(["a", "b", "b", "é"]).to_dict())


def _counts() -> Iterator[Seed]:
    yield _one("counts", "counts.json", analysis_json())


BY_FORMAT: dict[str, Callable[[], Iterator[Seed]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "parquet": _parquet,
    "jsonl": _jsonl,
    "json": _json,
    "coco": _coco,
    "npy": _npy,
    "npz": _npz,
    "arrow": _arrow,
    "orc": _orc,
    "excel": _excel,
    "spss": _spss,
    "stata": _stata,
    "sas": _sas,
    "arff": _arff,
    "conllu": _conllu,
    "conll": _conll,
    "orange": _orange,
    "list": _list,
    "yolo": _yolo,
    "images": _images,
    "masks": _masks,
    "counts": _counts,
}


def _weight_files() -> Iterator[Seed]:
    import wcetool
    from wcetool.results.document import to_csv, to_json

    weights = wcetool.class_weights({"cat": 5, "dog": 3, "emu": 1})
    text = to_json(weights.to_dict())
    yield _one("weight-file", "w.json", text)
    yield _one("weight-file", "w.csv", to_csv(weights.class_rows()))
    bare = json.dumps({"cat": 1.5, "dog": 2})
    yield _one("weight-file", "bare.json", bare)
    document = {key: value for key, value in weights.to_dict().items() if key != "classes"}
    table = pa.table(
        {"label": list(weights.classes), "weight": list(weights.weight)},
        metadata={"wcetool": to_json(document)},
    )
    written = _written(lambda stream: pq.write_table(table, stream))
    yield _one("weight-file", "w.parquet", written)
    files = {"w.npy": _npy_bytes(np.array(weights.weight)), "w.classes.json": text.encode()}
    yield Seed("weight-file", files, tuple(files), "w.npy", is_text=False)


def _side_files() -> Iterator[Seed]:
    """Small files that options name, each beside labels of the classes cat, dog and emu."""
    contents: dict[str, tuple[str, str | bytes]] = {
        "names": ("names.json", '{"cat": "Cat", "dog": "Dog", "emu": "Emu"}'),
        "names ": ("names.csv", "cat,Cat\ndog,Dog\nemu,Emu\n"),
        "classes": ("classes.txt", "cat\ndog\nemu\nfox\n"),
        "classes ": ("classes.json", '["cat", "dog", "emu"]'),
        "prior": ("prior.json", '{"cat": 0.25, "dog": 0.25, "emu": 0.5}'),
        "cost_matrix": ("costs.csv", ",cat,dog,emu\ncat,0,1,2\ndog,1,0,1\nemu,3,1,0\n"),
        "cost_matrix ": ("costs.npy", _npy_bytes(np.ones((3, 3)) - np.eye(3))),
    }
    data = _FRAME.to_csv(index=False).encode()
    for option, (name, content) in contents.items():
        beside = content.encode() if isinstance(content, str) else content
        yield Seed(
            "side-file",
            {"data.csv": data, name: beside},
            (name,),
            "data.csv",
            {option.strip(): name},
            is_text=not name.endswith(".npy"),
        )


def _config_files() -> Iterator[Seed]:
    yield _one(
        "config",
        "wcetool.toml",
        'digits = 3\nlabel-column = "label"\n[weights]\nscheme = "inverse"\nset = {a = 2.0}\n'
        '[analyze]\nfail-if = ["ratio > 100"]\nbuckets = [100, 20]\n',
    )
    yield _one("config", "pyproject.toml", '[tool.wcetool]\nmissing = ["NA", "?"]\n')


def _arguments() -> Iterator[Seed]:
    texts = {
        "fail_if": "ratio > 100",
        "scheme": "effective-number:beta=0.999",
        "prior": "cat=0.25,dog=0.25,emu=0.5",
        "classes": "cat,dog,emu",
        "buckets": "100,20",
        "memory": "1.5GiB",
        "scores": "p_*",
        "label_column": "lab*",
        "encoding": "cp1252",
        "set": "cat=1.5",
        "like": "torch.CrossEntropyLoss",
        "batch_size": "2,3",
        "alpha": "0.25,0.5,0.25",
        "pos_weight": "1,2,3",
        "input_format": "csv",
        "delimiter": ",",
    }
    for option, text in texts.items():
        yield Seed("argument", {option: text.encode()}, (option,), option)


RARE = ("spss",)  # of which each case starts a process of its own

OTHERS: dict[str, Callable[[], Iterator[Seed]]] = {
    "weight-file": _weight_files,
    "side-file": _side_files,
    "config": _config_files,
    "argument": _arguments,
}


@functools.cache
def seeds() -> dict[str, tuple[Seed, ...]]:
    """Return the seeds of everything that can be read, by kind."""
    built = {name: tuple(build()) for name, build in BY_FORMAT.items()}
    return built | {name: tuple(build()) for name, build in OTHERS.items()}
