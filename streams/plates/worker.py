"""One plate-reading process: frames come in through a pipe, reads or a refusal go back, until the pipe closes."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection

import cv2
import msgspec
import numpy as np

from command.kernel.errors import InvalidInputError, UnavailableError
from streams.plates.picture import Picture, decode_picture
from streams.plates.read import Looked
from streams.plates.reader import PlateReader

_CONTEXT = multiprocessing.get_context("spawn")
_STOP_S = 2.0


class ModelError(UnavailableError):
    """A network's file is missing or altered; its detail says what to do."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The process has opened its networks."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """What a frame showed."""

    looked: Looked


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The frame was malformed; the process goes on. In place of `Ready`: a network cannot be opened; it ends."""

    detail: str


class _Frame(msgspec.Struct, frozen=True):
    """What precedes the bytes of a frame: the shape of raw BGR, or None for an encoded picture."""

    shape: tuple[int, int, int] | None


_REPLY: msgspec.msgpack.Decoder[Ready | Done | Refused] = msgspec.msgpack.Decoder(Ready | Done | Refused)
_FRAME = msgspec.msgpack.Decoder(_Frame)


class Worker:
    """The parent's end of one process. Its methods block: call them in a thread. Any of them raises
    `UnavailableError` once the process is dead, and so does making one for which the machine has nothing left.
    """

    def __init__(self) -> None:
        try:
            self._pipe, childs_end = _CONTEXT.Pipe()
            # Only the child holds its end in the end, so that its death closes the pipe.
            with childs_end:
                self._process = _CONTEXT.Process(target=_serve, args=(childs_end,), daemon=True, name="plate-reader")
                self._process.start()
        except OSError as error:
            raise UnavailableError(f"no process for a plate reader can be had: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid or 0

    def wait_ready(self) -> None:
        """Return once the networks are open; `ModelError` when they cannot be opened on this machine."""
        match self._receive():
            case Ready():
                return
            case Refused(detail=detail):
                raise ModelError(detail)
            case Done():
                raise UnavailableError("a plate reader did not start")

    def look(self, frame: bytes | Picture) -> Looked:
        """Have a JPEG, PNG or BGR frame read; `InvalidInputError` when it is not one."""
        shape = None if isinstance(frame, bytes) else (frame.shape[0], frame.shape[1], frame.shape[2])
        data = frame if isinstance(frame, bytes) else np.ascontiguousarray(frame).data.cast("B")
        try:
            self._pipe.send_bytes(msgspec.msgpack.encode(_Frame(shape)))
            self._pipe.send_bytes(data)
        except OSError as error:
            raise UnavailableError("a plate reader died") from error
        match self._receive():
            case Done(looked=looked):
                return looked
            case Refused(detail=detail):
                raise InvalidInputError(detail)
            case Ready():
                raise UnavailableError("a plate reader lost its place")

    def kill(self) -> None:
        """End the process at once; whoever waits for it gets `UnavailableError`."""
        self._process.kill()

    def close(self) -> None:
        """End the process and release what belongs to it."""
        self._pipe.close()
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def _receive(self) -> Ready | Done | Refused:
        try:
            return _REPLY.decode(self._pipe.recv_bytes())
        except (EOFError, OSError, msgspec.MsgspecError) as error:
            raise UnavailableError(f"a plate reader {self._end()}") from error

    def _end(self) -> str:
        """How the process ended, whose pipe did."""
        self._process.join(_STOP_S)
        match self._process.exitcode:
            case None:
                return "answers no longer"
            case code if code < 0:
                return f"was ended by {signal.Signals(-code).name}"
            case code:
                return f"ended with code {code}; why is in the log"


def _serve(pipe: Connection) -> None:
    """Run in the child. The parent decides when to stop; a Ctrl-C in its terminal is not for the children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    try:
        try:
            reader = PlateReader()
        except UnavailableError as error:
            pipe.send_bytes(msgspec.msgpack.encode(Refused(error.detail)))
            return
        pipe.send_bytes(msgspec.msgpack.encode(Ready()))
        while True:
            shape = _FRAME.decode(pipe.recv_bytes()).shape
            data = pipe.recv_bytes()
            pipe.send_bytes(msgspec.msgpack.encode(_answer(reader, shape, data)))
    except (EOFError, OSError):
        return  # the parent is gone or has closed its end


def _answer(reader: PlateReader, shape: tuple[int, int, int] | None, data: bytes) -> Done | Refused:
    try:
        picture = decode_picture(data) if shape is None else np.frombuffer(data, np.uint8).reshape(shape)
        return Done(reader.look(picture))
    except InvalidInputError as error:
        return Refused(error.detail)
