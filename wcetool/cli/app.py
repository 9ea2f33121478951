"""The Typer application, and what an error becomes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from wcetool import __version__
from wcetool.cli.analyze import analyze
from wcetool.cli.check import check
from wcetool.cli.explain import explain
from wcetool.cli.help import GroupedCommand
from wcetool.cli.options import spread
from wcetool.cli.output import write_stderr
from wcetool.cli.score import score
from wcetool.cli.values import LazyGroup
from wcetool.cli.weights import weights
from wcetool.errors import ExitCode, WceError, printable

app = typer.Typer(
    name="wcetool",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        print(f"wcetool {__version__}")
        raise typer.Exit


@app.callback()
def wcetool(
    version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Class imbalance, class weights and weighted cross-entropy, exactly."""


_EPILOGS: dict[Callable[..., None], tuple[str, ...]] = {
    analyze: (
        "Example: wcetool analyze labels.csv --label-column label",
        "Memory: a few blocks of the file, the counts and the ids of groups; not the rows.",
    ),
    weights: (
        "Example: wcetool weights labels.csv --scheme effective-number:beta=0.999 -o weights.json",
        "Memory: as analyze.",
    ),
    score: (
        "Example: wcetool score preds.parquet --weights weights.json",
        "Memory: a few blocks of the file, or row groups of a wide one within --memory,",
        "and classes x classes counts; it does not grow with the rows.",
    ),
    check: (
        "Example: wcetool check weights.json labels.csv",
        "Memory: as analyze.",
    ),
    explain: (
        "Example: wcetool explain schemes",
        "Example: wcetool explain --like keras --task multilabel",
    ),
}
for command, epilog in _EPILOGS.items():
    app.command(cls=GroupedCommand, epilog="\n".join(epilog))(spread(command))


def run(args: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing but the code leaves this function."""
    told = {"verbose": False}
    try:
        code = app(args=list(args), prog_name="wcetool", standalone_mode=False, obj=told)
    except WceError as error:
        _say_error(str(error), **told)
        return error.exit_code
    except typer.TyperException as error:
        if not args:  # the message is the help text
            print(error.format_message())
            return ExitCode.USAGE
        _say_error(_usage_text(error), **told)
        return ExitCode.USAGE
    except SystemExit as exit_:
        # Typer turns a closed pipe into an exit of its own.
        if not isinstance(exit_.__context__, BrokenPipeError):
            raise
        _forget_stdout()
        return ExitCode.PIPE
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place that maps what nobody foresaw
        _say_error(
            f"internal error: {type(error).__name__}: {error}\n  hint: run again with -v", **told
        )
        return ExitCode.INTERNAL
    return code if isinstance(code, int) else ExitCode.OK


def _usage_text(error: typer.TyperException) -> str:
    """Give Typer's usage errors the form of ours."""
    message = (
        error.format_message().replace("Value error, ", "").replace("Input should", "it should")
    )
    message = printable(" ".join(message.split()).rstrip("."))
    context, param = getattr(error, "ctx", None), getattr(error, "param", None)
    command = context.command_path if context is not None else "wcetool"
    source = None
    if context is not None and param is not None:
        source = _NOT_TYPED.get(getattr(context.get_parameter_source(param.name), "name", ""))
    origin = "" if source is None else f"\n  it stands in {source}"
    return f"{message[:1].lower()}{message[1:]}{origin}\n  hint: {command} --help"


_NOT_TYPED = {
    "ENVIRONMENT": "an environment variable",
    "DEFAULT_MAP": "the configuration file",
}


def _say_error(text: str, *, verbose: bool) -> None:
    if verbose:
        import traceback

        write_stderr(traceback.format_exc().rstrip("\n"))
    write_stderr(f"error: {text}")


def _forget_stdout() -> None:
    """Let the interpreter flush into nothing when it exits: the reader is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
