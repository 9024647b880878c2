"""MobileNetV2's frozen base on different engines, ours and others', with the same photos.

``ENGINES`` is the table. Starting an engine does the one-time work (converting, compiling) and
returns a function without arguments that computes the vectors (N, 1280) of a task's N photos.
"""

import importlib.util
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from catsdogs.features.litert import LiteRTModel
from catsdogs.images.parallel import THREADS

BATCH = 32
Compute = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Task:
    """The photos to embed, and the models that the engines start from."""

    pixels: np.ndarray  # (N, 224, 224, 3) uint8
    network: keras.Model
    float32: Path  # exported to LiteRT
    int8: Path
    folder: Path  # for files that an engine writes
    stack: ExitStack  # stops what an engine starts


@dataclass(frozen=True)
class Engine:
    """``start`` returns a function that computes a task's vectors; ``needs`` names packages."""

    name: str
    start: Callable[[Task], Compute]
    needs: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


def _litert(task: Task) -> Compute:
    return _on_threads(task, LiteRTModel(task.float32))


def _litert_int8(task: Task) -> Compute:
    return _on_threads(task, LiteRTModel(task.int8))


def _on_threads(task: Task, model: LiteRTModel) -> Compute:
    """Like the app: one photo per call, one thread per core."""
    pool = task.stack.enter_context(ThreadPoolExecutor(THREADS))
    one = lambda photo: model(photo)["embedding"]  # noqa: E731
    return lambda: np.stack(list(pool.map(one, task.pixels)))


def _pinned_litert(task: Task) -> Compute:
    """One process per core, pinned where the system can; each computes every n-th photo."""
    np.save(task.folder / "pixels.npy", task.pixels)
    cores = _cores()
    workers = [
        task.stack.enter_context(
            ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=_pin, initargs=(core,)
            )
        )
        for core in cores
    ]
    share = partial(_embed_share, task.float32, task.folder / "pixels.npy", len(cores))

    def compute() -> np.ndarray:
        jobs = [worker.submit(share, first) for first, worker in enumerate(workers)]
        vectors = np.empty((len(task.pixels), task.network.output_shape[1]), np.float32)
        for first, job in enumerate(jobs):
            vectors[first :: len(jobs)] = job.result()
        return vectors

    return compute


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(THREADS))


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def _embed_share(model_file: Path, pixels_file: Path, count: int, first: int) -> np.ndarray:
    photos = np.load(pixels_file, mmap_mode="r")[first::count]
    model = _loaded(model_file)
    return np.array([model(photo)["embedding"] for photo in photos]).reshape(len(photos), -1)


@cache
def _loaded(model_file: Path) -> LiteRTModel:
    return LiteRTModel(model_file)


def _keras_predict(task: Task) -> Compute:
    return lambda: task.network.predict(task.pixels, batch_size=BATCH, verbose=0)


def _tf_function(task: Task) -> Compute:
    graph = tf.function(lambda batch: task.network(batch, training=False))
    starts = range(0, len(task.pixels), BATCH)
    return lambda: np.concatenate([graph(task.pixels[i : i + BATCH]) for i in starts])


def _onnx_runtime(task: Task) -> Compute:
    """One photo per call, one thread per core: batches of 32 were half as fast or slower."""
    import onnxruntime

    file = str(task.folder / "network.onnx")
    # Keras exports only models that were called before.
    task.network.predict(task.pixels[:1], verbose=0)
    task.network.export(file, format="onnx", verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    pool = task.stack.enter_context(ThreadPoolExecutor(THREADS))
    one = lambda photo: session.run(None, {name: photo[np.newaxis]})[0][0]  # noqa: E731
    return lambda: np.stack(list(pool.map(one, task.pixels)))


def _openvino(task: Task, **options: str) -> Compute:
    """One photo per request, with as many requests as OpenVINO chooses for throughput."""
    import openvino

    folder = str(task.folder / "saved_model")
    task.network.export(folder, format="tf_saved_model", verbose=False)
    network = openvino.convert_model(folder)
    network.reshape([1, *task.pixels.shape[1:]])
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", **options}
    compiled = openvino.Core().compile_model(network, "CPU", hints)

    def compute() -> np.ndarray:
        vectors = np.empty((len(task.pixels), task.network.output_shape[1]), np.float32)

        def keep(request: "openvino.InferRequest", position: int) -> None:
            vectors[position] = request.get_output_tensor(0).data[0]

        queue = openvino.AsyncInferQueue(compiled)
        queue.set_callback(keep)
        for position, photo in enumerate(task.pixels):
            queue.start_async({0: photo[np.newaxis]}, position)
        queue.wait_all()
        return vectors

    return compute


OURS = Engine("LiteRT float32, one thread per core (ours)", _litert)
KERAS = Engine(f"Keras `predict`, batches of {BATCH}", _keras_predict)
ENGINES = (
    OURS,
    Engine("LiteRT int8, one thread per core (ours)", _litert_int8),
    Engine("LiteRT float32, one pinned process per core", _pinned_litert),
    KERAS,
    Engine(f"`tf.function`, batches of {BATCH}", _tf_function),
    Engine("ONNX Runtime float32, one thread per core", _onnx_runtime, ("onnxruntime", "tf2onnx")),
    Engine("OpenVINO, its own choice of precision", _openvino, ("openvino",)),
    Engine("OpenVINO float32", partial(_openvino, INFERENCE_PRECISION_HINT="f32"), ("openvino",)),
)
