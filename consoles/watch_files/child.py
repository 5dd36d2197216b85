"""Has a file read by a process of its own, which ends alone where the file is made to fill memory or to break readers.

The module that it runs bounds its own memory and time by `answer_within`, and is killed where it takes longer.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

from command.kernel.errors import InvalidInputError, TooLargeError, TriuneError

T = TypeVar("T", bound=msgspec.Struct)


class Refusal(msgspec.Struct, tag="refusal"):
    """Why a file is not read."""

    detail: str
    too_large: bool = False


async def answer_of(module: str, data: bytes, within_ms: int, kind: type[T]) -> tuple[T, bytes]:
    """Return what a module says of a file: its first line, a tagged struct of a kind, and all that follows.

    Raises `TooLargeError` past the time, or as it says; `InvalidInputError` where it says so or ends without a word.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_ms / 1000):
            out, _ = await process.communicate(data)
    except TimeoutError:
        raise TooLargeError("the file takes too long to read; save it as CSV") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    head, _, rest = out.partition(b"\n")
    try:
        said: T | Refusal = msgspec.json.decode(head, type=kind | Refusal)
    except msgspec.MsgspecError as error:
        raise InvalidInputError("the file cannot be read: it is damaged, or made to break readers") from error
    if isinstance(said, Refusal):
        raise TooLargeError(said.detail) if said.too_large else InvalidInputError(said.detail)
    return said, rest


def answer_within(memory_bytes: int, within_ms: int, read: Callable[[bytes], tuple[object, bytes]]) -> None:
    """Read standard input and answer as `answer_of` expects, within bounds that end this process past them."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (within_ms // 1000, within_ms // 1000))
    said: object
    content = b""
    try:
        said, content = read(sys.stdin.buffer.read())
    except TriuneError as error:
        said = Refusal(error.detail, isinstance(error, TooLargeError))
    except MemoryError:
        said = Refusal("the file is too large to read; save it as CSV", too_large=True)
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n" + content)
