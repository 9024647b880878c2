"""The service in long tests: asked by another project's client, and training a run."""

import json
import os
import subprocess
import sys

import pytest
import requests
from conftest import PROJECT
from hostile import photo
from service_server import RUNS, TOKEN, build_world, places, serving

CLIENT = "tritonclient[http]==2.73.0"
SCRIPT = """
import json, sys
import numpy as np
import tritonclient.http as triton

address, run, *paths = sys.argv[1:]
client = triton.InferenceServerClient(address)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(run)
assert client.get_model_metadata(run)["inputs"][0]["name"] == "image"
image = triton.InferInput("image", [len(paths)], "BYTES")
image.set_data_from_numpy(np.array([open(path, "rb").read() for path in paths], dtype=object))
answer = client.infer(run, [image])
names = ("label", "p_dog", "calibrated_p_dog")
print(json.dumps({name: answer.as_numpy(name).tolist() for name in names}))
"""


def asked_by_triton(server, paths):
    """Ask with the client of NVIDIA's Triton, which uv installs apart from this project."""
    uv = PROJECT / ".venv" / "bin" / "uv"
    done = subprocess.run(
        [
            *(uv, "run", "--no-project", "--isolated", "--quiet", "--with", CLIENT, "python", "-c"),
            *(SCRIPT, server.url.removeprefix("http://"), RUNS[0], *map(str, paths)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to fetch" in done.stderr or "dns error" in done.stderr:
        pytest.skip("the client cannot be downloaded")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_client_of_triton_gets_the_answers_of_the_other_route(tmp_path):
    paths = [tmp_path / f"{number}.jpg" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(photo(number, 300))
    with serving(build_world(tmp_path)) as server:
        files = [("files", (path.name, path.read_bytes())) for path in paths]
        answers = server.post("/api/v1/classify", files=files, data={"runs": RUNS[0]}).json()
        told = asked_by_triton(server, paths)
    for name, values in told.items():
        assert values == [answer["results"][0][name] for answer in answers]


def test_a_run_is_trained_followed_to_its_end_and_then_answers(tmp_path):
    (tmp_path / "artifacts").mkdir()
    sample = tmp_path / "sample"
    command = [sys.executable, "-m", "catsdogs", "data", "sample", "--images", "80"]
    environment = {**os.environ, **places(tmp_path)}
    subprocess.run([*command, "--out", str(sample)], check=True, cwd=PROJECT, env=environment)
    own = {"Authorization": f"Bearer {TOKEN}"}
    settings = {"model": "custom_cnn", "data": str(sample), "epochs": 1, "batch_size": 8}
    with serving(tmp_path, CATSDOGS_API_TOKEN=TOKEN) as server:
        assert server.get("/readyz").status_code == 503
        queued = server.post("/api/v1/train", json=settings, headers=own)
        assert queued.status_code == 202, queued.text
        with requests.get(
            f"{server.url}{queued.headers['location']}/events", stream=True, timeout=600
        ) as stream:
            lines = [line for line in stream.iter_lines(decode_unicode=True) if line]
        kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        assert kinds[0] == "queued"
        assert kinds[-2:] == ["finished", "end"]
        assert "epoch" in kinds
        answer = server.post("/api/v1/classify", files=[("files", ("a.jpg", photo(1, 200)))])
        assert answer.json()[0]["results"][0]["run"] == queued.json()["run"]
