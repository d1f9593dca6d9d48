"""Weights of LPIPS from files of torch.save, without PyTorch."""

import numpy as np
import pytest

from tests.weights.samples import state_dict, write_torch_legacy, write_torch_zip
from weights import WeightsError
from weights.convert import main
from weights.lpips_conversion import CONVOLUTIONS, convert_lpips
from weights.lpips_file import KERNELS, expected_shapes, read_lpips, save_lpips


@pytest.fixture(scope="module")
def states():
    """As torchvision's AlexNet and the package lpips name them."""
    random = np.random.RandomState(0)
    networks, linear = {"classifier.1.weight": np.ones((2, 3), np.float32)}, {}
    for number, (place, (height, width, channels, filters)) in enumerate(zip(CONVOLUTIONS, KERNELS)):
        networks[f"features.{place}.weight"] = random.random_sample((filters, channels, height, width)).astype("f4")
        networks[f"features.{place}.bias"] = random.random_sample(filters).astype("f4")
        linear[f"lin{number}.model.1.weight"] = random.random_sample((1, filters, 1, 1)).astype("f4")
    return networks, linear


@pytest.fixture(scope="module")
def files(states, tmp_path_factory):
    folder = tmp_path_factory.mktemp("torch")
    networks, linear = states
    write_torch_zip(folder / "alexnet.pth", state_dict(networks), networks.values())
    write_torch_legacy(folder / "alex.pth", linear)
    return folder / "alexnet.pth", folder / "alex.pth"


def test_every_array_arrives(states, files, tmp_path, capsys):
    output = tmp_path / "lpips.h5"
    assert main(["--what", "lpips", "--source", ",".join(map(str, files)), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"wrote {output}: LPIPS, AlexNet, 2,470,848 parameters\n"
    arrays, (networks, linear) = read_lpips(output), states
    assert {name: array.shape for name, array in arrays.items()} == expected_shapes()
    np.testing.assert_array_equal(arrays["conv2/kernel"][1, 2, 3, 4], networks["features.3.weight"][4, 3, 1, 2])
    np.testing.assert_array_equal(arrays["conv5/bias"], networks["features.10.bias"])
    np.testing.assert_array_equal(arrays["linear3"], linear["lin2.model.1.weight"].ravel())
    assert [path.name for path in tmp_path.iterdir()] == ["lpips.h5"]


@pytest.mark.parametrize("source, said", [
    ("{0}", "should name two files; give ALEXNET.pth,LINEAR.pth as --source"),
    ("{0},gone.pth", "gone.pth: no such file"),
    ("{1},{1}", "holds no tensor features.0.weight; give torchvision's AlexNet"),
    ("{0},{0}", "holds no tensor lin0.model.1.weight"),
    ("{0}," + __file__, "no PyTorch file")])
def test_an_error_is_one_line_and_nothing_is_written(files, tmp_path, capsys, source, said):
    output = tmp_path / "lpips.h5"
    assert main(["--what", "lpips", "--source", source.format(*files), "--output", str(output)]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.err.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_layers_of_another_network(states, tmp_path):
    networks, linear = states
    paths = write_torch_zip(tmp_path / "a.pth", state_dict(networks), networks.values()), tmp_path / "b.pth"
    write_torch_legacy(paths[1], {**linear, "lin1.model.1.weight": np.ones((1, 128, 1, 1), np.float32)})
    with pytest.raises(WeightsError, match=r"linear2 should be of shape \(192,\), found \(128,\)"):
        convert_lpips(*paths, tmp_path / "lpips.h5")


def test_a_file_of_something_else(tmp_path):
    import h5py

    with pytest.raises(WeightsError, match="cannot be read"):
        read_lpips(tmp_path / "gone.h5")
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    with pytest.raises(WeightsError, match="holds no weights of LPIPS"):
        read_lpips(tmp_path / "other.h5")
    with pytest.raises(WeightsError, match="lacks conv1/kernel"):
        save_lpips({}, tmp_path / "x.h5", source="nothing")
