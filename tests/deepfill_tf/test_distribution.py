"""Training on several devices and in several processes equals training on one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepfill_tf import distribution
from tests.pictures import write_noise

ROOT = Path(__file__).parents[2]
SECONDS = 400  # on a loaded machine


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    write_noise(folder, 6)
    return folder


def start(pictures, output, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("distributed_run.py")), str(pictures), str(output), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(processes):
    try:
        printed = [process.communicate(timeout=SECONDS)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, text in zip(processes, printed):
        assert process.returncode == 0, text


def load(path):
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def alone(pictures, tmp_path_factory):
    output = tmp_path_factory.mktemp("alone") / "alone.npz"
    finish([start(pictures, output)])
    return load(output)


def assert_same_training(found, alone):
    assert found["devices"] == 2 and alone["devices"] == 1
    np.testing.assert_allclose(found["losses"], alone["losses"], atol=1e-5)
    assert alone["moved"] > 2.5e-5  # three steps of the rate
    for name in alone:
        if name.startswith("arr_"):
            difference = np.abs(found[name] - alone[name])
            assert difference.max() < 6.1e-5 and difference.mean() < 2e-6, name


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_two_workers_equal_one_with_the_joint_batch(pictures, alone, tmp_path):
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    outputs = [tmp_path / f"worker{index}.npz" for index in range(2)]
    finish([start(pictures, output, TF_CONFIG=json.dumps(
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}))
        for index, output in enumerate(outputs)])
    first, second = map(load, outputs)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
    assert_same_training(first, alone)
    assert list((tmp_path / "worker0").glob("ckpt-3*")) and not (tmp_path / "worker1").exists()  # the chief writes


def test_two_devices_equal_one(pictures, alone, tmp_path):
    finish([start(pictures, tmp_path / "mirrored.npz", "2")])
    assert_same_training(load(tmp_path / "mirrored.npz"), alone)


@pytest.mark.parametrize("cluster, task, chief", [
    ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 0}, True),
    ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 1}, False),
    ({"chief": ["a:1"], "worker": ["b:1"]}, {"type": "worker", "index": 0}, False),
    ({"chief": ["a:1"], "worker": ["b:1"]}, {"type": "chief", "index": 0}, True)])
def test_who_writes(cluster, task, chief, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))

    class Strategy:
        class cluster_resolver:
            task_type, task_id = task["type"], task["index"]

    assert distribution.is_chief(Strategy) is chief
    assert distribution.joins_cluster()


def test_a_broken_cluster_is_named(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(ValueError, match="TF_CONFIG should be JSON"):
        distribution.joins_cluster()
    monkeypatch.delenv("TF_CONFIG")
    assert not distribution.joins_cluster()
