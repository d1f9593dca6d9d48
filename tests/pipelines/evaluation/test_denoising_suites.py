"""Noise2Void's own benchmarks on tiny pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from denoise import Denoiser
from pipelines import evaluate
from pipelines.metrics import psnr, scale_invariant_psnr

TINY = """
unet_n_depth: 1
unet_n_first: 4
batch_norm: false
train_tensorboard: false
train_epochs: 4
train_steps_per_epoch: 3
train_batch_size: 2
n2v_perc_pix: 6
n2v_patch_shape: [16, 16]
"""


@pytest.fixture
def data(tmp_path):
    random = np.random.RandomState(0)
    for folder, count in (("train400", 2), ("bsd68", 2), ("w2s/noisy", 2), ("w2s/ground_truth", 2)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for index in range(count):
            pixels = random.randint(0, 256, (3, 4)).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            Image.fromarray(pixels).save(tmp_path / "data" / folder / f"{index}.png")
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path / "data"


def run(data, suite, *arguments):
    folder = data.parent
    return evaluate.main(["--suite", suite, "--data", str(data), "--output", str(folder / suite), "--config",
                          str(folder / "tiny.yaml"), *arguments])


def test_bsd68(data, capsys, monkeypatch):
    assert run(data, "n2v-bsd68", "--fraction", "0.5") == 0
    folder = data.parent / "n2v-bsd68"
    text = (folder / "table.md").read_text()
    assert text in capsys.readouterr().out
    # 2 epochs of 3 steps of batch 2, of 200 epochs of 400 steps of batch 128
    assert "Noise2Void, 6 steps of batch 2: 0.00% of the published training's patches, other unet_n_depth" in text
    for published in ("27.71", "27.81", "28.59", "29.06"):
        assert published in text
    results = json.loads((folder / "results.json").read_text())["results"]
    assert results["input"]["0"]["psnr"] == pytest.approx(20.17, abs=0.5)  # of sigma 25: 20 log10(255 / 25)
    assert set(results["n2v"]) == {"0", "1"}
    monkeypatch.setattr(Denoiser, "predict", None)  # finished pictures are not denoised again
    before = (folder / "results.json").read_bytes()
    assert run(data, "n2v-bsd68", "--fraction", "0.5") == 0 and (folder / "results.json").read_bytes() == before
    assert run(data, "n2v-bsd68") == 2
    assert "the run was begun with another settings.train_epochs" in capsys.readouterr().err


def test_w2s(data, capsys, monkeypatch):
    monkeypatch.setattr(Denoiser, "train", lambda images, **_: Halving())
    assert run(data, "n2v-w2s") == 0
    found = json.loads((data.parent / "n2v-w2s" / "results.json").read_text())["results"]
    truth, noisy = (np.asarray(Image.open(data / "w2s" / folder / "1.png")) for folder in ("ground_truth", "noisy"))
    assert found["input"]["1"]["psnr"] == pytest.approx(psnr(truth, noisy))
    for system in ("own", "shared"):
        assert found[system]["1"]["psnr"] == pytest.approx(psnr(truth, noisy / 2))
        assert found[system]["1"]["scale_invariant_psnr"] == pytest.approx(scale_invariant_psnr(truth, noisy))
    assert "12 steps" in capsys.readouterr().out


class Halving:
    def predict(self, image, axes):
        return image / 2


def test_bad_data(data, capsys):
    Image.new("RGB", (16, 16)).save(data / "bsd68" / "2.png")
    assert run(data, "n2v-bsd68") == 2
    assert "2.png: is not a gray picture" in capsys.readouterr().err
    (data / "w2s" / "noisy" / "0.png").unlink()
    assert run(data, "n2v-w2s") == 2
    assert "0 is not in both noisy and ground_truth; give a ground truth for each picture" in capsys.readouterr().err
    (data / "train400").rename(data / "train")
    assert run(data, "n2v-bsd68") == 2
    assert "data: has no folder train400" in capsys.readouterr().err
