"""Parquet tables of images, written as Hugging Face's hub has them, and hostile ones."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NAMES = ("cat", "dog")


def hub_schema(*, label="labels", names: Sequence[str] | None = NAMES):
    """Return the schema that ``datasets`` writes for the features Image and ClassLabel."""
    features = {"image": {"_type": "Image"}, label: {"_type": "Value", "dtype": "int64"}}
    if names is not None:
        features[label] = {"names": list(names), "_type": "ClassLabel"}
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([("image", image), (label, pa.int64())], metadata=metadata)


def write_hub_table(
    path: Path,
    contents: Sequence[bytes | None],
    labels: Sequence[int | None],
    *,
    paths: Sequence[str | None] | None = None,
    names: Sequence[str] | None = NAMES,
    label: str = "labels",
    **options,
) -> Path:
    """Write images and their labels as ``datasets.Dataset.to_parquet`` does."""
    paths = paths or [None] * len(contents)
    images = [{"bytes": one, "path": name} for one, name in zip(contents, paths, strict=True)]
    schema = hub_schema(label=label, names=names)
    table = pa.table({"image": images, label: list(labels)}, schema=schema)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **{"row_group_size": 100, **options})
    return path
