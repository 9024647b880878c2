"""Arrays computed once per photo: decoded pixels and MobileNetV2's output.

store.py        fixed-size rows on disk, keyed by content and shared by all runs
embeddings.py   photos → pixels, activations or embedding vectors
litert.py       a LiteRT model as a thread-safe function
activations.py  the tensors inside a LiteRT model: feature maps and first filters
backbones.py    which pretrained weights a backbone started from
"""
