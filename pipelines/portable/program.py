"""An exported training step on a device that JAX knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.portable.state_files import Arrays, Problem, fitted, read_checked, read_record

MANIFEST_FILE = "manifest.json"
ARGUMENTS = ("data", "seed", "first_step", "count")


class Program:
    """The compiled step, with its data and its state on the first device.

    Args:
        folder: What `pipelines.portable_export.export_program` wrote.
        data: Pictures, uint8 (N, S, S, 3), as many and as large as the program was made for.
        state: Its variables by name, float32 also as float16; others are ignored.

    Raises:
        Problem: If one of them does not fit.

    Attributes:
        manifest: What the export says about the program.
    """

    def __init__(self, folder: Path, data: np.ndarray, state: Arrays) -> None:
        self.manifest: dict[str, Any] = read_record(folder / MANIFEST_FILE)
        state = fitted(state, {entry["name"]: entry["dtype"] for entry in self._inputs("variable")})
        self._check(folder, {**state, "data": data})
        code = read_checked(folder / self.manifest["program"]["file"], self.manifest["program"]["sha256"])
        import jax

        jax.config.update("jax_enable_x64", True)  # some variables are int64
        self._jax, self._device = jax, jax.devices()[0]
        self._executable = compile_module(code, self._device)
        self._data = self._put(data)
        self._seed = self._scalar("seed", self.manifest["seed"])
        self._state = {entry["name"]: self._put(state[entry["name"]]) for entry in self._inputs("variable")}
        self._before = self._state

    def run(self, first_step: int, count: int) -> dict[str, float]:
        """Do `count` steps; returns the mean of each loss. `undo` takes them back."""
        outputs = self._executable.execute([
            self._data, self._seed, self._scalar("first_step", first_step), self._scalar("count", count),
            *self._state.values()])
        self._before, self._state, losses = self._state, dict(self._state), {}
        for entry, output in zip(self.manifest["outputs"], outputs):
            if entry["role"] == "variable":
                self._state[entry["name"]] = output
            else:
                losses[entry["name"]] = float(np.mean(np.asarray(output, np.float64)))
        return losses

    def undo(self) -> None:
        """Go back to the state before the last run."""
        self._state = self._before

    def state(self) -> Arrays:
        """All variables, copied from the device."""
        return {name: np.asarray(array) for name, array in self._state.items()}

    def __str__(self) -> str:
        return f"{self._device.device_kind} ({self._device.platform}), JAX {self._jax.__version__}"

    def _inputs(self, role):
        return [entry for entry in self.manifest["inputs"] if entry["role"] == role]

    def _check(self, folder, arrays):
        if tuple(entry["name"] for entry in self._inputs("argument")) != ARGUMENTS:
            raise Problem(f"{folder}: its program should take {', '.join(ARGUMENTS)}; export the training step")
        for entry in [self._inputs("argument")[0], *self._inputs("variable")]:
            array = arrays.get(entry["name"])
            found = "none" if array is None else f"{array.dtype} {list(array.shape)}"
            if found != f"{entry['dtype']} {entry['shape']}":
                raise Problem(f"{entry['name']}: the program takes {entry['dtype']} {entry['shape']}, received "
                              f"{found}; give what the program was exported for, or export it anew")

    def _scalar(self, name, value):
        (dtype,) = (entry["dtype"] for entry in self._inputs("argument") if entry["name"] == name)
        return self._put(np.asarray(value, dtype))

    def _put(self, array):
        return self._jax.device_put(array, self._device)


def compile_module(code: bytes, device: Any) -> Any:
    """Compile a serialized HLO module; the interfaces are inner ones of JAX, which has no public one for that.

    Raises:
        Problem: If this JAX has other ones.
    """
    try:
        from jax._src.lib import xla_client

        client: Any = xla_client
        mlir, options = client._xla.mlir, client.CompileOptions()
        if hasattr(mlir, "hlo_to_stablehlo"):
            return device.client.compile_and_load(mlir.hlo_to_stablehlo(code), client.DeviceList((device,)), options)
        module = mlir.xla_computation_to_mlir_module(client.XlaComputation(code))
        return device.client.compile(module, options)  # JAX 0.4
    except (ImportError, AttributeError, TypeError) as error:
        raise Problem(f"this JAX has another compiler interface ({error}); versions 0.4.34, 0.10 and 0.11 will "
                      "do") from error
