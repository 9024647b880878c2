"""The formats that a run's model can be written in. Command line and pages read this table.

Another format is another entry. A program that makes one runs as ``python -m PROGRAM FORMAT
RUN_FOLDER OUT``, writes the file and prints an ``Agreement`` as JSON, or ``null``.
"""

from dataclasses import dataclass

from catsdogs.runs import layout
from catsdogs.runs.choices import FLOAT16, INT8

LITERT = ".tflite"
_QUANTIZATION = "catsdogs.learning.quantization"


@dataclass(frozen=True)
class Format:
    """A format: its name on the command line, and its title in the app.

    ``runs_on`` is what runs a model of this format. It is a copy of the run's file ``copied``; the
    ``program``, a module, makes it; or it is one web page with the model in the format ``page_of``.
    If its suffix is .zip, the model is a folder, and its file a zip of it.
    ``needs`` are packages that only the program needs, in the optional extra ``extra``. If
    ``from_litert``, a run without a Keras file, such as those that come with the project, can be
    written in this format.
    """

    name: str
    title: str
    suffix: str
    runs_on: tuple[str, ...]
    copied: str | None = None
    program: str = ""
    page_of: str = ""
    needs: tuple[str, ...] = ()
    extra: str = ""
    from_litert: bool = False


_LITERT = ("ai-edge-litert",)
_ONNX = ("tf2onnx", "onnx", "onnxruntime")
_BROWSER = ("a browser",)
_ALL = (
    Format("keras", "Keras", ".keras", ("keras", "tensorflow"), copied=layout.KERAS_MODEL),
    Format("litert", "LiteRT", LITERT, _LITERT, copied=layout.LITERT_MODEL, from_litert=True),
    Format(FLOAT16, "LiteRT, float16", LITERT, _LITERT, program=_QUANTIZATION),
    Format(INT8, "LiteRT, int8", LITERT, _LITERT, program=_QUANTIZATION),
    Format("web", "Web page", ".html", _BROWSER, page_of="litert", from_litert=True),
    Format("web-int8", "Web page, int8", ".html", _BROWSER, page_of=INT8),
    Format(
        "onnx",
        "ONNX",
        ".onnx",
        ("onnxruntime",),
        program="catsdogs.learning.onnx_export",
        needs=_ONNX,
        extra="onnx",
        from_litert=True,
    ),
    Format(
        "onnx-int8",
        "ONNX, int8",
        ".onnx",
        ("onnxruntime",),
        program="catsdogs.learning.onnx_quantization",
        needs=_ONNX,
        extra="onnx",
        from_litert=True,
    ),
    Format(
        "savedmodel",
        "TensorFlow SavedModel",
        ".zip",
        ("tensorflow",),
        program="catsdogs.learning.saved_model",
    ),
)
FORMATS = {form.name: form for form in _ALL}
