"""Names, hashes, and what is said when they do not fit."""

import hashlib
from collections import Counter

import pytest
import yaml

import weights
from weights import WeightsError, registry

CONTENT = b"not really a network"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENTRY = {"name": "small-photos", "kind": "deepfill_v2", "file": "small/model.h5", "size": len(CONTENT),
         "sha256": SHA256, "licence": "CC0-1.0", "source": "a test", "default": True}
DENOISER = {**ENTRY, "name": "fluorescence", "kind": "n2v", "file": "denoiser/weights_best.h5",
            "default": False}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A registry of two models whose files are there."""
    for entry in (ENTRY, DENOISER):
        path = tmp_path / entry["file"]
        path.parent.mkdir()
        path.write_bytes(CONTENT)
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"models": [ENTRY, DENOISER]}))
    monkeypatch.setattr(registry, "REGISTRY_FILE", tmp_path / "registry.yaml")
    return tmp_path


def test_names(folder):
    assert weights.names() == ("small-photos", "fluorescence")
    assert weights.names("n2v") == ("fluorescence",)


@pytest.mark.parametrize("name", ["small-photos", "default"])
def test_a_name_gives_its_file(folder, name):
    assert weights.find(name, kind="deepfill_v2") == folder / "small" / "model.h5"


def test_a_path_is_returned_as_it_is(folder):
    own = folder / "own.h5"
    own.write_bytes(b"")
    assert weights.find(own) == own
    assert weights.find(str(own), kind="n2v") == own


def test_a_name_wins_over_a_file_of_that_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "small-photos").write_bytes(b"")
    assert weights.find("small-photos") == folder / "small" / "model.h5"
    assert weights.find("./small-photos").name == "small-photos"


@pytest.mark.parametrize("wanted, said", [
    ("small-foto", "small-foto: no weights of that name and no such file, did you mean 'small-photos'?; "
                   "known names: small-photos, or give an existing file"),
    ("gone/x.h5", "gone/x.h5: no weights of that name and no such file; "
                  "known names: small-photos, or give an existing file"),
    ("fluorescence", "fluorescence: is a n2v model, expected a deepfill_v2 one; known names: small-photos"),
])
def test_unknown(folder, wanted, said):
    with pytest.raises(WeightsError) as caught:
        weights.find(wanted, kind="deepfill_v2")
    assert str(caught.value) == said


def test_a_kind_without_default(folder):
    with pytest.raises(WeightsError, match="default: no weights of that name"):
        weights.find("default", kind="n2v")


def test_a_missing_file(folder):
    (folder / "small" / "model.h5").unlink()
    with pytest.raises(WeightsError, match=r"small-photos: its file .*model\.h5 is missing; download"):
        weights.find("small-photos")


def test_a_changed_byte(folder):
    changed = b"Not really a network"
    (folder / "small" / "model.h5").write_bytes(changed)
    with pytest.raises(WeightsError) as caught:
        weights.load_generator("small-photos")
    message = str(caught.value)
    assert "is corrupt: expected sha256 " + SHA256[:12] in message
    assert "found " + hashlib.sha256(changed).hexdigest()[:12] in message
    assert message.endswith("download or install it again")


def test_a_truncated_file(folder):
    (folder / "small" / "model.h5").write_bytes(CONTENT[:-4])
    with pytest.raises(WeightsError, match="is corrupt: expected 20 bytes, found 16; download or install it"):
        weights.find("small-photos")


@pytest.mark.parametrize("text, said", [
    ("models: [", "cannot be read"),
    ("", "cannot be read"),
    (yaml.safe_dump({"models": [{**ENTRY, "sha265": "0"}]}), "unknown or missing: sha265 in model 'small-ph"),
    (yaml.safe_dump({"models": [{"name": "x", "kind": "n2v"}]}), "unknown or missing: file, licence, sha256"),
    (yaml.safe_dump({"models": [{**ENTRY, "kind": "gan"}]}), "found 'gan'"),
])
def test_a_broken_registry(folder, text, said):
    (folder / "registry.yaml").write_text(text)
    with pytest.raises(WeightsError, match=said) as caught:
        weights.names()
    assert "\n" not in str(caught.value)


def test_the_shipped_models_are_whole():
    entries = registry.entries()
    assert len({entry.name for entry in entries}) == len(entries)
    defaults = Counter(entry.kind for entry in entries if entry.default)
    assert all(count == 1 for count in defaults.values())
    assert Counter(entry.kind for entry in entries if entry.default_if_thin) == {"deepfill_v2": 1}
    for entry in entries:
        path = weights.find(entry.name, kind=entry.kind)
        assert path.is_file()
        assert (path.parent / "README.md").is_file(), "every shipped model has its card"


def test_the_default_has_a_name():
    assert registry.default_name("deepfill_v2") in registry.names("deepfill_v2")
    assert registry.default_name("deepfill_v2", thin=True) == "deepfill_v2_spline_psnr"
    assert registry.default_name("n2v", thin=True) == registry.default_name("n2v")
