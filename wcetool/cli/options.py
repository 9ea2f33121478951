"""Options that several commands share, written once; a dataclass of them is one parameter."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from wcetool.cli.config import ConfigKey
from wcetool.render.words import Color, Format, Sort

PANELS = SCORES, WEIGHTS, LOSS, LABELS, INPUT, OUTPUT, RUN = (
    "Scores",
    "Weights",
    "Loss",
    "Labels and classes",
    "Input files",
    "Output",
    "Run",
)


def option(
    *names: str,
    panel: str,
    help: str,
    metavar: str | None = None,
    by_environment: bool = True,
    **more: Any,
) -> Any:
    """Declare an option; the environment may set it, and its help text says its default."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    return typer.Option(
        *names,
        help=help,
        metavar=metavar,
        rich_help_panel=panel,
        show_default=False,
        envvar=environment_name(long[2:]) if by_environment else None,
        show_envvar=False,
        **more,
    )


def environment_name(key: str) -> str:
    """Return the environment variable of an option or a key of the configuration."""
    return "WCETOOL_" + key.replace("-", "_").upper()


def was_typed(ctx: typer.Context, name: str) -> bool:
    """Tell whether an option was typed on the command line."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def general_defaults(ctx: typer.Context) -> frozenset[str]:
    """Return the options that were not typed on the command line, without dashes."""
    return frozenset(
        flag[2:]
        for param in ctx.command.params
        if not was_typed(ctx, param.name or "")
        for flag in (*param.opts, *param.secondary_opts)
        if flag.startswith("--")
    )


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Give Typer the fields of every dataclass parameter as options of their own."""
    hints = get_type_hints(command, include_extras=True)
    signature = inspect.signature(command)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name not in groups:
            parameters.append(parameter.replace(annotation=hints[parameter.name]))
            continue
        group = groups[parameter.name]
        types = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(
                one.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=one.default,
                annotation=types[one.name],
            )
            for one in fields(group)
        ]

    @functools.wraps(command)
    def spread_command(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{one.name: values.pop(one.name) for one in fields(group)})
        command(**values)

    # Arguments may come without a default, options all have one: the order must be legal Python.
    parameters.sort(key=lambda one: one.kind)
    spread_command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    spread_command.__annotations__ = {one.name: one.annotation for one in parameters}
    del spread_command.__wrapped__
    return spread_command


def _remember(ctx: typer.Context, value: bool) -> bool:
    """Tell whoever runs the program that a traceback is welcome."""
    if isinstance(ctx.obj, dict):
        ctx.obj["verbose"] = value
    return value


def _load(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """Read the configuration once both of its options are known, before any takes a default."""
    from wcetool.cli.config import check_environment, load_config

    ctx.meta[f"wcetool.{param.name}"] = value
    if not {"wcetool.config", "wcetool.no_config"} <= ctx.meta.keys():
        return value
    keys = config_keys(ctx)
    commands = _commands(ctx).values()
    check_environment(
        str(param.envvar) for command in commands for param in command.params if param.envvar
    )
    if not ctx.meta["wcetool.no_config"]:
        config = load_config(ctx.meta["wcetool.config"], keys)
        ctx.meta["wcetool.file"] = config
        name = ctx.info_name or ""
        ctx.default_map = config.for_command(name, keys.get(name, {}))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFlags:
    """How files are read; the same in every command that reads data."""

    label_column: Annotated[
        list[str] | None,
        option(
            "-l",
            "--label-column",
            panel=LABELS,
            metavar="NAME|NUMBER",
            help="Column that holds the label: a name, or a number from 1; a name wins. A column "
            "a label: repeat it, or say a,b,c or a pattern such as 'y_*'.",
        ),
    ] = None
    classes: Annotated[
        str | None,
        option(
            "--classes",
            panel=LABELS,
            metavar="FILE|A,B,C",
            help="Declare the classes and their order; absent ones count 0, others are refused.",
        ),
    ] = None
    names: Annotated[
        str | None,
        option(
            "--names",
            panel=LABELS,
            metavar="FILE",
            help="Names of label codes: JSON, lines of code and name, or a name a line from "
            "code 0.",
        ),
    ] = None
    missing: Annotated[
        str | None,
        option(
            "--missing",
            panel=LABELS,
            metavar="MARKERS",
            help="Texts that mean no label, comma-separated, besides the empty one: NA,?",
        ),
    ] = None
    strip: Annotated[
        bool, option("--strip", panel=LABELS, help="Take white space off both ends of labels.")
    ] = False
    casefold: Annotated[
        bool, option("--casefold", panel=LABELS, help="Fold the case of labels: Male is male.")
    ] = False
    merge_bio: Annotated[
        bool,
        option(
            "--merge-bio",
            panel=LABELS,
            help="Take the prefix off tags of tokens: B-PER and I-PER are PER, O stays. Also E-, "
            "S-, L-, U- and M-.",
        ),
    ] = False
    max_classes: Annotated[
        int | None,
        option(
            "--max-classes",
            panel=LABELS,
            metavar="N",
            help="Refuse more distinct labels than this: most likely an id column. Default "
            "1,000,000.",
        ),
    ] = None
    input_format: Annotated[
        str | None,
        option(
            "--input-format",
            panel=INPUT,
            metavar="FORMAT",
            help="csv, tsv, parquet, jsonl, ... (docs/formats.md has all). Default: by content, "
            "then suffix.",
        ),
    ] = None
    member: Annotated[
        str | None,
        option(
            "--member",
            panel=INPUT,
            metavar="NAME",
            help="Which part of an input to read: the file in a zip archive, the sheet of a "
            "workbook. Default: the only one.",
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        option(
            "--delimiter",
            panel=INPUT,
            metavar="CHAR",
            help="Field delimiter, or tab. Default: a comma, a tab for .tsv; else what cuts the "
            "first rows evenly.",
        ),
    ] = None
    header: Annotated[
        bool | None,
        option(
            "--header/--no-header",
            panel=INPUT,
            help="Whether the first row names the columns. Default: it does; where it looks like "
            "data, this must be said.",
        ),
    ] = None
    quote_char: Annotated[
        str | None,
        option("--quote-char", panel=INPUT, metavar="CHAR", help='Quote character. Default: ".'),
    ] = None
    escape_char: Annotated[
        str | None,
        option(
            "--escape-char", panel=INPUT, metavar="CHAR", help="Escape character. Default: none."
        ),
    ] = None
    no_quoting: Annotated[
        bool, option("--no-quoting", panel=INPUT, help="Quotes are ordinary characters.")
    ] = False
    skip_lines: Annotated[
        int,
        option("--skip-lines", panel=INPUT, metavar="N", help="Lines to skip above the header."),
    ] = 0
    comment: Annotated[
        str | None,
        option(
            "--comment",
            panel=INPUT,
            metavar="CHAR",
            help="Lines that begin with CHAR, outside quotes, are comments. Default: none are.",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        option("--encoding", panel=INPUT, metavar="NAME", help="Text encoding. Default: UTF-8."),
    ] = None
    max_row: Annotated[
        int | None,
        option(
            "--max-row",
            panel=INPUT,
            metavar="MB",
            help="Refuse longer rows of text: most likely a quote that is never closed. Default: "
            "2 MB.",
        ),
    ] = None

    decimal: Annotated[
        str | None,
        option(
            "--decimal",
            panel=INPUT,
            metavar="CHAR",
            help="What stands before the decimals of numbers in text: a point or a comma. "
            "Default: a point.",
        ),
    ] = None
    bad_rows: Annotated[
        str | None,
        option(
            "--bad-rows",
            panel=INPUT,
            metavar="error|skip",
            help="Rows with the wrong number of fields: refuse the file, or leave them out and "
            "count them. Default: error.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        given["quoting"] = not given.pop("no_quoting")
        return {name: value for name, value in given.items() if value is not None}


ResultOutput = Annotated[
    str | None,
    option(
        "-o",
        "--output",
        panel=OUTPUT,
        metavar="PATH",
        help="Write the result there, whole or not at all; the suffix chooses the format.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFlags:
    """How a result is shown."""

    format: Annotated[
        Format | None,
        option(
            "-f",
            "--format",
            panel=OUTPUT,
            metavar="FORMAT",
            help="table, json, csv (a row per class) or md. Default: table, also when piped.",
        ),
    ] = None
    color: Annotated[
        Color,
        option(
            "--color",
            panel=OUTPUT,
            metavar="WHEN",
            help="auto, always or never; auto heeds NO_COLOR and TERM=dumb. Default: auto.",
        ),
    ] = Color.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFlags:
    """Which classes are shown, in which order, and with how many decimals."""

    digits: Annotated[
        int,
        option(
            "--digits",
            panel=OUTPUT,
            metavar="N",
            min=0,
            max=15,
            help="Decimals shown by table and md; json and csv hold all. Default: 4.",
        ),
    ] = 4
    sort: Annotated[
        Sort,
        option(
            "--sort",
            panel=OUTPUT,
            metavar="KEY",
            help="Order of the classes shown: index, label or count. Default: index.",
        ),
    ] = Sort.INDEX
    top: Annotated[
        int | None,
        option(
            "--top",
            panel=OUTPUT,
            metavar="N",
            min=1,
            help="Show the first N classes, the others summed up in one row.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """How a run is done."""

    jobs: Annotated[
        int | None,
        option(
            "-j",
            "--jobs",
            panel=RUN,
            metavar="N",
            help="Threads; changes nothing but the time. Default: one a processor.",
        ),
    ] = None
    memory: Annotated[
        str | None,
        option(
            "--memory",
            panel=RUN,
            metavar="SIZE",
            help="How much of the rows may be held at once, such as 2GB; changes nothing but the "
            "time. Default: a quarter of the machine's.",
        ),
    ] = None
    quiet: Annotated[
        bool,
        option(
            "-q",
            "--quiet",
            panel=RUN,
            help="No notes and no progress; warnings and errors always show.",
        ),
    ] = False
    verbose: Annotated[
        bool,
        option(
            "-v",
            "--verbose",
            panel=RUN,
            help="Say how long it took; traceback on errors.",
            callback=_remember,
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFlags:
    """Where defaults come from; they stand in the signature of a result like any other value."""

    config: Annotated[
        str | None,
        option(
            "--config",
            panel=RUN,
            metavar="PATH",
            help="Configuration file. Default: the nearest wcetool.toml or [tool.wcetool].",
            is_eager=True,
            callback=_load,
        ),
    ] = None
    no_config: Annotated[
        bool,
        option(
            "--no-config",
            panel=RUN,
            help="Read no configuration file.",
            is_eager=True,
            callback=_load,
        ),
    ] = False


def config_keys(ctx: typer.Context) -> dict[str, dict[str, ConfigKey]]:
    """Return, for every command, its long option names without dashes and what each takes."""
    return {
        name: {
            flag[2:]: ConfigKey(param.name, bool(param.is_flag), bool(param.multiple))
            for param in command.params
            if param.param_type_name == "option"
            for flag in (*param.opts, *param.secondary_opts)
            if flag.startswith("--") and flag not in _NOT_IN_CONFIG
        }
        for name, command in _commands(ctx).items()
    }


def _commands(ctx: typer.Context) -> dict[str, Any]:
    parent: Any = ctx.parent
    return dict(parent.command.commands)


_NOT_IN_CONFIG = ("--config", "--no-config", "--help", "--no-header", "--version")
