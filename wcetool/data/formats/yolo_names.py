"""The names of the class ids of YOLO labels: in `data.yaml`, `classes.txt` or `obj.names`.

They are looked for in the folder that is read, and in those above it up to the folder of the data
set. YAML is parsed to its nodes, and nothing is made of them: names stay as written.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wcetool.data import streams
from wcetool.data.folder_walk import is_split
from wcetool.data.folders import PART_NAMES, YOLO_NAME_FILES
from wcetool.errors import InputError, counted, quoted

MOST_BYTES = 1 << 20
_YAML_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_ABOVE = PART_NAMES | {"obj_train_data", "obj_valid_data", "obj_test_data"}


@dataclass(frozen=True, slots=True)
class Names:
    """What class ids are called; None where nothing says so, and ids are the labels."""

    by_id: Mapping[str, str] | None = None
    where: str = ""
    paths: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Say where the names are from."""
        if self.by_id is None:
            return ("no names of the class ids are found: the ids are the labels",)
        return (f"names of the class ids from {self.where}",)

    def of(self, number: str, where: str) -> str:
        """Return the label of an id.

        Raises
        ------
        InputError
            If it has no name.
        """
        if self.by_id is None:
            return number
        if number not in self.by_id:
            raise InputError(
                f"class id {number:.40} has no name",
                where=where,
                details=(f"{self.where} names {counted(len(self.by_id), 'id')}",),
            )
        return self.by_id[number]


def find_names(folder: str, below: Iterable[str]) -> Names:
    """Look for the names of class ids.

    Parameters
    ----------
    folder : str
        The folder that is read.
    below : iterable of str
        The folders in it that hold label files, or such folders.

    Raises
    ------
    InputError
        If a file that has them cannot be understood, or two of them differ.
    """
    for places in ([folder, *below], *([place] for place in _above(folder))):
        found = {path: names for place in dict.fromkeys(places) for path, names in _names_in(place)}
        if not found:
            continue
        where, names = next(iter(found.items()))
        for other, different in found.items():
            if different != names:
                raise InputError(
                    "names the class ids in another way",
                    where=other,
                    details=(f"{where}: {quoted(names.values())}",),
                    hint="keep one of the two files",
                )
        return Names(names, where, tuple(found))
    return Names()


def _names_in(place: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name in (*_YAML_FILES, *YOLO_NAME_FILES):
        path = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(path):
            names = _of_yaml(path) if name in _YAML_FILES else _of_lines(path)
            if names is not None:
                yield path, names


def _above(folder: str) -> Iterator[str]:
    """List the folders above, as long as the names of those below say that they are parts."""
    place, real = folder, os.path.abspath(folder)
    while is_split(os.path.basename(real)) or os.path.basename(real).casefold() in _ABOVE:
        place, real = os.path.join(place, os.pardir), os.path.dirname(real)
        yield place


def _text(path: str) -> str:
    with streams.open_file(path) as stream:
        data = streams.read_head(stream, MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES >> 20} MB: no names of classes", where=path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=path) from None


def _of_lines(path: str) -> Mapping[str, str]:
    """Read a name a line, from id 0."""
    lines = [line.strip() for line in _text(path).replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return _checked([(str(place), name) for place, name in enumerate(lines)], path)


def _of_yaml(path: str) -> Mapping[str, str] | None:
    """Read the member `names`, a list or a mapping; None where there is none."""
    import yaml

    try:
        node = yaml.compose(_text(path), yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"is not YAML: {reason}", where=path) from None
    members = _members(node, path)
    names = members.get("names")
    if names is None:
        return None
    if isinstance(names, yaml.MappingNode):
        pairs = [(_scalar(key, path), _scalar(value, path)) for key, value in names.value]
    elif isinstance(names, yaml.SequenceNode):
        pairs = [(str(place), _scalar(one, path)) for place, one in enumerate(names.value)]
    else:
        raise InputError("names is neither a list nor a mapping", where=path)
    found = _checked(pairs, path)
    count = members.get("nc")
    if count is not None and _scalar(count, path) != str(len(found)):
        raise InputError(
            f"nc is {quoted([_scalar(count, path)])}, and "
            f"{counted(len(found), 'class is', 'classes are')} named",
            where=path,
        )
    return found


def _members(node: Any, path: str) -> dict[str, Any]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return {}
    keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    twins = [key for key, times in Counter(keys).items() if times > 1]
    if twins:
        raise InputError(f"a key is there twice: {quoted(twins)}", where=path)
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _scalar(node: Any, path: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise InputError("a name or id of a class is no text", where=path)
    return str(node.value)


def _checked(pairs: Sequence[tuple[str, str]], path: str) -> Mapping[str, str]:
    """Refuse names that are not one to one."""
    for values, what in ((pairs, "id"), ([pair[::-1] for pair in pairs], "name")):
        twins = [one for one, times in Counter(key for key, _ in values).items() if times > 1]
        if twins:
            raise InputError(f"a class {what} is there twice: {quoted(twins)}", where=path)
    for number, name in pairs:
        if not (number.isascii() and number.isdigit()) or str(int(number[:18])) != number:
            raise InputError(f"class id {quoted([number])} is no number from 0", where=path)
        if not name.strip():
            raise InputError(f"class id {number} has no name", where=path)
    if not pairs:
        raise InputError("names no class", where=path)
    return dict(pairs)
