"""How to ask TensorFlow Serving: a note beside the SavedModel, with a request that was tried on its own signature."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from pipelines.exporting.saved_model import IMAGE_FILE, MASK_FILE, RESTORED_FILE

NOTE_FILE, REQUEST_FILE = "serving.md", "request.json"
SIGNATURE = "restore_encoded"

NOTE = """# Serving

In the folder that holds {folder}, with Docker:

    docker run --rm -p 8501:8501 -v "$PWD/{folder}:/models/restore/1:ro" -e MODEL_NAME=restore \\
        tensorflow/serving:{version}

A request with a picture and its mask, both PNG or JPEG; the answer holds PNG files. request.json is one for the
example among the assets:

    curl --data @{folder}/request.json http://localhost:8501/v1/models/restore:predict

The same from Python, without any package:

    import base64, json, pathlib, urllib.request

    def encoded(path):
        return {{"b64": base64.b64encode(pathlib.Path(path).read_bytes()).decode()}}

    request = {{"signature_name": "{signature}",
               "inputs": {{"image_bytes": [encoded("photo.png")], "mask_bytes": [encoded("mask.png")]}}}}
    answer = urllib.request.urlopen("http://localhost:8501/v1/models/restore:predict", json.dumps(request).encode())
    restored = json.load(answer)["outputs"]["restored_bytes"][0]["b64"]
    pathlib.Path("restored.png").write_bytes(base64.b64decode(restored))

An empty string as mask: nothing is filled. `serving_default` takes arrays instead of files, as nested lists.
"""


def write_serving_note(folder: Path, name: str) -> None:
    """Write serving.md and request.json into a SavedModel's folder.

    Args:
        folder: Holds the SavedModel.
        name: That the folder will have.

    Raises:
        ValueError: If the SavedModel does not answer the request with what its own example shows.
    """
    loaded = tf.saved_model.load(str(folder))
    files = {name: (folder / "assets" / name).read_bytes() for name in (IMAGE_FILE, MASK_FILE, RESTORED_FILE)}
    request = {"signature_name": SIGNATURE, "inputs": {"image_bytes": [encoded(files[IMAGE_FILE])],
                                                       "mask_bytes": [encoded(files[MASK_FILE])]}}
    answer = answered(request, loaded.signatures)
    restored = base64.b64decode(answer["restored_bytes"][0]["b64"])
    if restored != files[RESTORED_FILE]:
        raise ValueError("the SavedModel answers its own example with another picture")
    (folder / REQUEST_FILE).write_text(json.dumps(request) + "\n", encoding="utf-8")
    note = NOTE.format(folder=name, version=tf.__version__, signature=SIGNATURE)
    (folder / NOTE_FILE).write_text(note, encoding="utf-8")


def encoded(contents: bytes) -> dict[str, str]:
    """A file as TensorFlow Serving's JSON has it."""
    return {"b64": base64.b64encode(contents).decode("ascii")}


def answered(request: Mapping[str, Any], signatures: Mapping[str, Any]) -> dict[str, Any]:
    """The "outputs" that TensorFlow Serving would answer a request in its column format with.

    Raises:
        ValueError: If the request has other inputs than the signature.
    """
    signature = signatures[request.get("signature_name", "serving_default")]
    specs = signature.structured_input_signature[1]
    if set(request["inputs"]) != set(specs):
        raise ValueError(f"the signature takes {sorted(specs)}, received {sorted(request['inputs'])}")
    tensors = {name: tf.constant(_bytes(value), specs[name].dtype) for name, value in request["inputs"].items()}
    return {name: [encoded(value) for value in tensor.numpy()] if tensor.dtype == tf.string else tensor.numpy().tolist()
            for name, tensor in signature(**tensors).items()}


def _bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return [_bytes(part) for part in value] if isinstance(value, list) else value
