"""Settings refuse what cannot be."""

import pytest

from pipelines.damage import DamageSettings


@pytest.mark.parametrize("wrong", [{"detector": "best"}, {"kinds": ()}, {"kinds": ("scratch",)}, {"sensitivity": 1.1},
                                   {"grow": -1}, {"max_ratio": 0.0}, {"max_ratio": 2.0}])
def test_wrong_values(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must be .* Received: "):
        DamageSettings(**wrong)
