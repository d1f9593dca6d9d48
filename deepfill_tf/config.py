"""Settings of a DeepFill training run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

MASK_KINDS = ("box", "brush", "fine-brush", "scratches", "dust")
INITIALIZATIONS = ("reference", "signal-preserving", "looks-linear")


@dataclasses.dataclass(frozen=True)
class DeepFillConfig:
    """What `python -m pipelines.train_deepfill` reads from its YAML file.

    Args:
        image_size: Side of the square training crops in pixels, a multiple of 8.
        batch_size: Crops in a step.
        steps: Length of the run.
        learning_rate: Of Adam, after the warm-up.
        beta_1, beta_2: Adam's decay of the first and second moment.
        warmup_steps: Steps over which the learning rate rises from zero.
        decay: "constant", or "cosine" down to a fiftieth at the last step.
        hole_weight: Added to the weight 1 of the L1 loss inside the hole, both stages.
        masks: Kind of hole to its weight in the mix, see `deepfill_tf.masks.mixture`.
        initialization: Of the generator, see `deepfill_tf.initializers.kernel_initializer`.
        average_decay: Of the exponential moving average of the weights, which is what is shipped.
        checkpoint_steps: Steps between two checkpoints.
        bfloat16: Whether oneDNN computes convolutions in bfloat16; variables stay float32.

    Raises:
        ValueError: If a value is impossible; the message names the field.
    """

    image_size: int = 128
    batch_size: int = 8
    steps: int = 10000
    learning_rate: float = 2e-4
    beta_1: float = 0.9
    beta_2: float = 0.99
    warmup_steps: int = 0
    decay: str = "constant"
    hole_weight: float = 4.0
    masks: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"scratches": 0.5, "fine-brush": 0.5})
    initialization: str = "looks-linear"
    average_decay: float = 0.995
    checkpoint_steps: int = 200
    bfloat16: bool = False

    def __post_init__(self) -> None:
        def require(holds: bool, field: str, expected: str) -> None:
            if not holds:
                raise ValueError(f"`{field}` should be {expected}. Received: {getattr(self, field)!r}")

        require(self.image_size >= 8 and self.image_size % 8 == 0, "image_size", "a multiple of 8")
        for field in ("batch_size", "steps", "checkpoint_steps"):
            require(getattr(self, field) >= 1, field, "at least 1")
        require(self.learning_rate > 0, "learning_rate", "positive")
        for field in ("beta_1", "beta_2", "average_decay"):
            require(0 <= getattr(self, field) < 1, field, "in [0, 1)")
        require(self.warmup_steps >= 0, "warmup_steps", "zero or more")
        require(self.decay in ("constant", "cosine"), "decay", "'constant' or 'cosine'")
        require(self.hole_weight >= 0, "hole_weight", "zero or more")
        require(self.initialization in INITIALIZATIONS, "initialization", f"one of {INITIALIZATIONS}")
        require(all(kind in MASK_KINDS for name in self.masks for kind in name.split("+")), "masks",
                f"kinds of {MASK_KINDS}, joined by '+'")
        require(sum(self.masks.values()) > 0 and min(self.masks.values()) >= 0, "masks", "positive weights")
