"""What the commands share: errors become one line and an exit code; options that several of them take."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

import click

from augtool import terminal
from augtool.errors import AugtoolError, ExitCode, Interrupted, RecipeError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


def guarded(command: F) -> F:
    """Turn the program's errors into one line on stderr and the right exit code."""

    @wraps(command)
    def body(*args: Any, **kwargs: Any) -> Any:
        terminal.speak_json(on=kwargs.pop("log_json", False))
        try:
            return command(*args, **kwargs)
        except RecipeError as error:
            terminal.fail_recipe(error)
            sys.exit(error.exit_code)
        except AugtoolError as error:
            terminal.fail(str(error))
            sys.exit(error.exit_code)
        except KeyboardInterrupt as stop:
            terminal.fail("interrupted")
            sys.exit(stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT)
        except ImportError as error:
            from augtool.environment import import_advice

            terminal.fail(import_advice(error))
            sys.exit(ExitCode.INTERNAL)
        except BrokenPipeError:
            # The reader (head, less) has gone; that is its right. Nothing more can be printed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(ExitCode.OK)
        except OSError as error:
            # What no module foresaw of files and disks: a full stdout, a name that is too long.
            terminal.fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(ExitCode.IO)

    return body  # type: ignore[return-value]


def limit_options(command: F) -> F:
    """Add the options that say what a worker may use and bear, to every command that reads all pictures."""
    for option in (
        click.option("--portable", is_flag=True, help="The same bytes on every processor; slower."),
        click.option(
            "--fail-on",
            type=click.Choice(["none", "truncated", "error", "warning"]),
            default="error",
            show_default=True,
            help="How much damage makes a picture fail; less is used as far as it goes.",
        ),
        click.option(
            "--memory",
            type=click.IntRange(64),
            metavar="MB",
            help="Memory of a worker; default: enough for --max-pixels.",
        ),
        click.option(
            "--max-pixels",
            type=click.FloatRange(0.01, 1000),
            default=100.0,
            show_default=True,
            metavar="MP",
            help="Megapixels a picture may have, read or written.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0.1),
            default=300.0,
            show_default=True,
            help="Seconds per picture.",
        ),
    ):
        command = option(command)
    return command


def log_json_option(command: F) -> F:
    """Add ``--log-json``, to every command that reports as it works."""
    text = "Talk on stderr in JSON, one event per line."
    return click.option("--log-json", is_flag=True, help=text)(command)


def limits_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the values of ``limit_options`` as :class:`augtool.options.Options` takes them."""
    memory = given["memory"]
    return given | {
        "max_pixels": round(given["max_pixels"] * 1e6),
        "memory": memory and memory * 1_000_000,
    }


def tolerance(text: str) -> Callable[[int], float]:
    """Return a function from the number of inputs to how many of them may fail.

    Raises:
        UsageError: the text is neither a number nor a share.
    """
    number = text.removesuffix("%").strip()
    if not number.isdigit() or (text.endswith("%") and int(number) > 100):
        raise UsageError(f"--max-failures {text}: expected a number, or a share such as 5%")
    if text.endswith("%"):
        return lambda total: total * int(number) / 100
    return lambda _: int(number)
