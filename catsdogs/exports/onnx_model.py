"""An ONNX file as a function from an image to named arrays, like ``LiteRTModel``."""

from pathlib import Path

import numpy as np
import onnxruntime

from catsdogs.errors import RunError
from catsdogs.features.litert import known_output


class OnnxModel:
    """A loaded model. Any thread may call it; a call keeps one core busy."""

    def __init__(self, path: Path) -> None:
        """Load ``path``.

        Raises:
            RunError: if it is missing or does not answer about an image.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(path, options)
            self.side = int(self._session.get_inputs()[0].shape[1])
            self._names = [output.name for output in self._session.get_outputs()]
            _ = self(np.zeros((self.side, self.side, 3), dtype=np.uint8))["p_dog"].item()
        except Exception as error:  # The errors of onnxruntime share no other base.
            raise RunError(
                f"Expected an ONNX model at {path.name}. Received: a file that does not run "
                f"({error}). Prepare it again."
            ) from None

    def __call__(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for one uint8 image of shape (side, side, 3), without a batch axis."""
        outputs = self._session.run(self._names, {"image": image[np.newaxis]})
        named = zip(map(known_output, self._names), outputs, strict=True)
        return {name: value[0] for name, value in named}
