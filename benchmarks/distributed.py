"""How fast is a Ray cluster of two nodes on this machine, and are its vectors the same?

    python -m benchmarks.distributed DATASET [--images 12000] [--pairs 2] [--json]

Starts two nodes with a core each. Embeds the photos alternately by the local engine on two threads
and by Ray, without a cache. Prints the images per second of each after its start, their ratio, the
time until the first vector, and the memory of a worker. Then measures how many vectors per second a
command can collect from workers that compute nothing, and write to the row cache.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import psutil

from catsdogs.dataset import index
from catsdogs.distributed.ray_engine import opened
from catsdogs.features import embeddings
from catsdogs.features.store import rows_of
from catsdogs.images.parallel import Engine, FromFile
from catsdogs.sources import opening

ROW = np.dtype((np.float32, (embeddings.EMBEDDING_SIZE,)))


@dataclass(frozen=True)
class Nothing:
    """Work that takes no time: the same vector for each photo."""

    def needs(self) -> Sequence[Path]:
        return ()

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], np.ndarray]:
        row = np.zeros(embeddings.EMBEDDING_SIZE, np.float32)
        return lambda content: row


def main() -> None:
    options = _options()
    from ray.cluster_utils import Cluster

    root = opening.open_source(options.dataset)
    records = index.scan(root).usable.head(options.images)
    reads = [FromFile(root / name) for name in records["path"]]
    work = embeddings.ModelOutput(embeddings.exported_backbone(), "embedding")
    node = {"num_cpus": 1, "object_store_memory": 100 << 20}
    os.environ["RAY_AUTH_MODE"] = "disabled"
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    cluster.add_node(**node)
    try:
        pairs = [
            {
                name: _timed(name, cluster.address if name == "ray" else None, reads, work)
                for name in ("local", "ray")
            }
            for _ in range(options.pairs)
        ]
        ceiling = _ceiling(cluster.address, root, records)
    finally:
        cluster.shutdown()
    found = {"images": len(reads), "pairs": [_summary(one) for one in pairs], **ceiling}
    print(json.dumps(found, indent=2) if options.json else _text(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _timed(name: str, address: str | None, reads: list[FromFile], work: Any) -> dict[str, Any]:
    began = time.perf_counter()
    with opened(name, address) as engine:
        outcomes = engine.outcomes(reads, work)
        rows = [next(outcomes)]
        first = time.perf_counter()
        rows.extend(outcomes)
        ended = time.perf_counter()
    return {
        "start_s": first - began,
        "images_per_s": (len(rows) - 1) / (ended - first),
        "load": os.getloadavg()[0],
        "rows": rows,
    }


def _summary(pair: dict[str, dict[str, Any]]) -> dict[str, Any]:
    here, there = pair["local"], pair["ray"]
    equal = all(
        np.array_equal(a, b) or type(a) is type(b) is not np.ndarray
        for a, b in zip(here["rows"], there["rows"], strict=True)
    )
    return {
        "local_images_per_s": round(here["images_per_s"], 1),
        "ray_images_per_s": round(there["images_per_s"], 1),
        "ratio": round(there["images_per_s"] / here["images_per_s"], 3),
        "ray_start_s": round(there["start_s"], 1),
        "equal": equal,
        "load": [round(one["load"], 1) for one in (here, there)],
    }


def _ceiling(address: str, root: Path, records: pd.DataFrame) -> dict[str, Any]:
    with opened("ray", address) as engine, TemporaryDirectory() as folder:
        memory = list[int]()
        taken = _written(engine, root, records, Path(folder), memory)
    return {"collected_rows_per_s": round(taken, 1), "worker_mb": max(memory) >> 20}


def _written(
    engine: Engine, root: Path, records: pd.DataFrame, store: Path, memory: list[int]
) -> float:
    """Return the rows per second from the first one on; ``memory`` gets that of the workers."""
    times = list[float]()

    def progress(done: int, total: int) -> None:
        times.append(time.perf_counter())
        if len(times) == 1:  # Copies of a photo count as done from the start.
            memory.extend(_workers_bytes())

    rows_of(root, records, store=store, row=ROW, work=Nothing(), engine=engine, progress=progress)
    return (len(times) - 1) / (time.perf_counter() - times[0])


def _workers_bytes() -> list[int]:
    """Return the resident bytes of each worker on this machine."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if words[0].startswith("ray::Worker"):
            found.append(process.memory_info().rss)
    return found or [0]


def _text(found: dict[str, Any]) -> str:
    lines = [
        "| local, images/s | Ray, images/s | ratio | Ray's start | equal | load |",
        "|---:|---:|---:|---:|---|---|",
        *(f"| {' | '.join(map(str, pair.values()))} |" for pair in found["pairs"]),
    ]
    return "\n".join(lines) + (
        f"\n\n{found['images']:,} photos. A worker without a model takes {found['worker_mb']} MB. "
        f"A command collects and writes {found['collected_rows_per_s']:,} vectors per second."
    )


if __name__ == "__main__":
    main()
