"""The usual way to serve a Keras model, as a peer for ``serve``: ``predict`` behind FastAPI.

    python -m benchmarks.keras_server MODEL.keras PORT

It answers with P(dog) alone: no heat map, no "neither", no similar photos.
"""

import io
import sys

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image


def main() -> None:
    model = keras.saving.load_model(sys.argv[1], compile=False)
    side = model.inputs[0].shape[1]
    app = FastAPI()

    @app.post("/classify")
    async def classify(request: Request) -> dict[str, float]:
        image = Image.open(io.BytesIO(await request.body())).convert("RGB").resize((side, side))
        return {"p_dog": float(model.predict(np.asarray(image)[np.newaxis], verbose=0)[0, 0])}

    uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
