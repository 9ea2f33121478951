"""What a report says of its inputs, and which options mean nothing to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from wcetool.data import registry
from wcetool.data.options import ReadingOptions
from wcetool.data.registry import TEXT_OPTIONS, FormatInfo
from wcetool.data.source import STDIN, InputFile
from wcetool.errors import counted, listed, quoted
from wcetool.results.document import InputRows


def effective_options(
    reading: ReadingOptions, formats: Collection[FormatInfo], *, from_files: bool = True
) -> ReadingOptions:
    """Leave out the options that have no effect on inputs of these formats.

    Parameters
    ----------
    reading : ReadingOptions
        What the user says.
    formats : collection of FormatInfo
        Of all inputs.
    from_files : bool, default True
        Whether any input is a file.

    Raises
    ------
    UsageError
        If one of them was given for this call.
    """
    idle = TEXT_OPTIONS.difference(*(info.options for info in formats))
    if idle == TEXT_OPTIONS:
        reading = reading.without(TEXT_OPTIONS, "no input is a text file with columns")
    elif idle:
        titles = listed(dict.fromkeys(info.title for info in formats))
        reading = reading.without(idle, f"it says nothing of {titles}")
    if all(info == registry.COUNTS for info in formats):
        reading = reading.without(("label-column",), "counts have no columns")
    if not from_files:
        reading = reading.without(("input-format",), "no file is read")
    return reading


def without_idle_member(reading: ReadingOptions, files: Sequence[InputFile]) -> ReadingOptions:
    """Leave out `--member` where no input has parts.

    Raises
    ------
    UsageError
        If it was given for this call.
    """
    if any(file.member is not None for file in files):
        return reading
    return reading.without(("member",), "no input is an archive or a workbook")


def file_notes(files: Sequence[InputFile], reading: ReadingOptions) -> list[str]:
    """Say what was assumed about the form of the inputs."""
    notes = list(reading.notes)
    for file in files:
        if file.is_stream:
            if reading.input_format is None:
                name = "standard input" if file.path == STDIN else file.path
                notes.append(f"{name} read as {file.format.name} (--input-format to change it)")
            continue
        if file.compression and not file.path.lower().endswith(registry.COMPRESSION_SUFFIXES):
            notes.append(f"{file.path} is compressed with {file.compression}, by its content")
        if file.member is not None and reading.member is None:
            notes.append(f"{file.path}: the file {quoted([file.member])} in it is read")
        name = file.path if file.compression is None or file.member is None else file.member
        if reading.input_format is None and registry.by_suffix(name) != file.format:
            notes.append(
                f"{file.path} is read as {file.format.title}, by its content "
                "(--input-format to change it)"
            )
    return notes


def input_warnings(inputs: Iterable[InputRows]) -> list[str]:
    """Say which rows of the inputs were left out."""
    return [
        f"{one.path}: {counted(one.bad_rows, 'row')} with the wrong number of fields left out; "
        + "; ".join(one.first_bad)
        + ("; …" if one.bad_rows > len(one.first_bad) else "")
        for one in inputs
        if one.bad_rows
    ]
