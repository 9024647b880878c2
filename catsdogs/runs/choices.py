"""The words that settings can have, each with the title that a form shows."""

PLAIN = "plain"
# How a backbone's frozen part is computed. "auto" is the fastest that agrees with Keras here.
INT8, FLOAT16, ON_RAY = "litert-int8", "litert-float16", "ray"
RECIPES = {"default": "Recommended", PLAIN: "Plain, as in the notebook"}
BALANCED = "balanced"
CLASS_WEIGHTS = {"none": "Equal for all images", BALANCED: "Balanced: both classes count the same"}
SCHEDULES = {"cosine": "Warm-up, then down to zero", "constant": "Constant"}
ENGINES = {
    "auto": "Fastest exact engine",
    "litert": "LiteRT, float32",
    INT8: "LiteRT, int8",
    "keras": "Keras, in batches",
    ON_RAY: "LiteRT, float32, on a Ray cluster",
}
SPLITS = {"own": "The dataset's own", "ours": "Drawn from all photos"}
PRECISIONS = {
    "auto": "Faster one on this machine",
    "float32": "float32",
    "bfloat16": "bfloat16, mixed",
}
