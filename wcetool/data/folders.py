"""Folders: of Parquet files, or read as one input (images in a folder a class, masks, YOLO)."""

from __future__ import annotations

from pathlib import Path

from wcetool.data import registry
from wcetool.data.registry import FormatInfo
from wcetool.errors import InputError


def may_hold(form: FormatInfo) -> bool:
    """Tell whether a folder can be read as a format."""
    return form in (registry.PARQUET, registry.MASKS) or form.is_folder


def parquet_files(folder: str) -> list[Path]:
    """List the Parquet files below a folder; hidden ones and those with a leading _ are skipped."""
    root = Path(folder)
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in registry.PARQUET.suffixes
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    )


def kind(folder: str) -> FormatInfo:
    """Return the format of a folder that holds no Parquet file.

    Raises
    ------
    InputError
        If it is not known what it holds.
    """
    others = sorted(
        {path.suffix for path in Path(folder).iterdir() if registry.by_suffix(path.name)}
    )
    raise InputError(
        "the folder holds no Parquet file",
        where=folder,
        hint=f"'{folder}/*{others[0]}'" if others else None,
    )
