"""Restore pictures with JAX alone: python run_with_jax.py image.npy mask.npy restored.npy"""

import json
import pathlib
import sys

import jax
import numpy as np
from jax._src.lib import xla_client  # JAX has no public interface for this; tried with 0.4.34 and 0.10.2

folder = pathlib.Path(__file__).parent
manifest = json.loads((folder / "manifest.json").read_text())
code = (folder / manifest["program"]["file"]).read_bytes()
device = jax.devices()[0]  # the GPU, where JAX finds one
arrays = dict(np.load(folder / manifest["weights"]), image=np.load(sys.argv[1]), mask=np.load(sys.argv[2]))
inputs = []
for entry in manifest["inputs"]:  # image and mask, uint8 (B, H, W, 3 or 1), then the weights
    array = arrays[entry["name"]]
    given, expected = [str(array.dtype), list(array.shape)], [entry["dtype"], entry["shape"]]
    if given != expected:
        sys.exit(f"{entry['name']}: the program takes {expected}, received {given}")
    inputs.append(jax.device_put(array, device))
client, mlir, options = device.client, xla_client._xla.mlir, xla_client.CompileOptions()
if hasattr(mlir, "hlo_to_stablehlo"):
    program = client.compile_and_load(mlir.hlo_to_stablehlo(code), xla_client.DeviceList((device,)), options)
else:  # JAX 0.4
    program = client.compile(mlir.xla_computation_to_mlir_module(xla_client.XlaComputation(code)), options)
outputs = program.execute(inputs)
results = {entry["name"]: np.asarray(output) for entry, output in zip(manifest["outputs"], outputs)}
np.save(sys.argv[3], results["restored"])  # results["denoised"]: before the holes were filled
