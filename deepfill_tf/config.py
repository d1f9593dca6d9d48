"""Settings of a DeepFill training run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

MODELS = ("deepfill_v2", "deepfill_v1")
MASK_KINDS = ("box", "brush", "fine-brush", "scratches", "many-scratches", "dust", "pixels")
INITIALIZATIONS = ("reference", "signal-preserving", "looks-linear")
HOLE_FILLS = ("zeros", "tension-spline")
RECONSTRUCTIONS = ("l1", "l2")
SPECTRAL_NORMS = ("power-iteration", "addons")
PRECISIONS = ("float32", "onednn_bfloat16", "mixed_bfloat16", "mixed_float16")

BY_MODEL: Any = None  # stands for what the model's paper says:
PAPERS: dict[str, dict[str, Any]] = {
    "deepfill_v2": {"beta_2": 0.999, "adversarial_weight": 1.0, "critic_steps": 1, "masks": {"box+brush": 1.0}},
    "deepfill_v1": {"beta_2": 0.9, "adversarial_weight": 0.001, "critic_steps": 5, "masks": {"box": 1.0}},
}


@dataclasses.dataclass(frozen=True)
class DeepFillConfig:
    """What `python -m pipelines.train_deepfill` reads from its YAML file. The defaults are those of the
    model's paper.

    Args:
        model: "deepfill_v2", or "deepfill_v1" with its WGAN-GP critics.
        guided: Whether edges (a sketch) are an input of generator and discriminator; v2 only.
        reference: Train exactly as the official graph does: one Adam for both networks, fresh batches for each of
            them, one mask for a whole batch. Otherwise two Adams, one batch for both, one mask for each image.
        image_size: Side of the square training crops in pixels, a multiple of 8.
        largest_enlargement: Crops show up to so many times less of a picture, enlarged to `image_size`, each by its own
            factor from 1: pictures are as soft as that when they are large scans or were enlarged themselves.
        batch_size: Crops in a step, over all devices.
        steps: Length of the run.
        learning_rate: Of Adam, after the warm-up.
        beta_1, beta_2: Adam's decay of the first and second moment; the second is 0.9 for v1, 0.999 otherwise.
        warmup_steps: Steps over which the learning rate rises from zero.
        decay: "constant", or "cosine" down to a fiftieth at the last step.
        hole_fill: What the hole holds when v2's generator sees it, see `build_generator`.
        reconstruction: "l1", or "l2", by which v2 learns means instead of medians: less texture, higher PSNR.
        hole_weight: Added to the weight 1 of v2's reconstruction loss inside the hole, both stages.
        known_weight: Weight of that loss outside the hole.
        adversarial_weight: Of the generator's adversarial loss; at 0 the discriminator is neither run nor trained.
            0.001 for v1, 1 otherwise.
        critic_steps: Discriminator steps before each generator step, 5 for v1, 1 otherwise; each takes a batch of
            its own if above 1.
        spectral_norm: "power-iteration" (the official one) or "addons", see `build_discriminator`.
        masks: Kind of hole to its weight in the mix, see `deepfill_tf.masks.mixture`. v1, whose local
            critic looks at a box of half the image, takes {"box": 1} alone; v2's default is {"box+brush": 1}.
        initialization: Of the generator, see `deepfill_tf.initializers.kernel_initializer`.
        average_decay: Of the exponential moving average of the weights, which is what is shipped.
        precision: "float32"; "onednn_bfloat16", convolutions of the CPU in bfloat16; or Keras' "mixed_bfloat16" or
            "mixed_float16". Variables are float32 always.
        xla: Whether the training step is compiled by XLA.
        checkpoint_steps: Steps between two checkpoints.
        summary_steps: Steps between two picture grids.
        validation_steps: Steps between two validations.
        validation_images: How many pictures to set aside for it, a tenth of all at most.

    Raises:
        ValueError: If a value is impossible; the message names the field.
    """

    model: str = "deepfill_v2"
    guided: bool = False
    reference: bool = False
    image_size: int = 256
    largest_enlargement: float = 1.0
    batch_size: int = 16
    steps: int = 1000000
    learning_rate: float = 1e-4
    beta_1: float = 0.5
    beta_2: float = BY_MODEL
    warmup_steps: int = 0
    decay: str = "constant"
    hole_fill: str = "zeros"
    reconstruction: str = "l1"
    hole_weight: float = 0.0
    known_weight: float = 1.0
    adversarial_weight: float = BY_MODEL
    critic_steps: int = BY_MODEL
    spectral_norm: str = "power-iteration"
    masks: Mapping[str, float] = BY_MODEL
    initialization: str = "reference"
    average_decay: float = 0.999
    precision: str = "float32"
    xla: bool = False
    checkpoint_steps: int = 4000
    summary_steps: int = 2000
    validation_steps: int = 4000
    validation_images: int = 64

    @property
    def draws(self) -> int:
        """Batches that one step takes: the reference and v1 draw one for each update of a network."""
        if not self.adversarial_weight:
            return 1
        return self.critic_steps + 1 if self.reference or self.critic_steps > 1 else 1

    def __post_init__(self) -> None:
        def require(holds: bool, field: str, expected: str) -> None:
            if not holds:
                raise ValueError(f"`{field}` should be {expected}. Received: {getattr(self, field)!r}")

        require(self.model in MODELS, "model", f"one of {MODELS}")
        for field, value in PAPERS[self.model].items():
            if getattr(self, field) is BY_MODEL:
                object.__setattr__(self, field, value)
        for field, choices in (("decay", ("constant", "cosine")), ("spectral_norm", SPECTRAL_NORMS),
                               ("initialization", INITIALIZATIONS), ("hole_fill", HOLE_FILLS),
                               ("reconstruction", RECONSTRUCTIONS), ("precision", PRECISIONS)):
            require(getattr(self, field) in choices, field, f"one of {choices}")
        require(self.image_size >= 8 and self.image_size % 8 == 0, "image_size", "a multiple of 8")
        require(1 <= self.largest_enlargement <= 8, "largest_enlargement", "from 1 to 8")
        require(self.largest_enlargement == 1 or not self.guided, "largest_enlargement", "1 for guided networks, whose "
                "edges would be enlarged, too")
        for field in ("batch_size", "steps", "critic_steps", "checkpoint_steps", "summary_steps",
                      "validation_steps"):
            require(getattr(self, field) >= 1, field, "at least 1")
        for field in ("warmup_steps", "hole_weight", "known_weight", "adversarial_weight", "validation_images"):
            require(getattr(self, field) >= 0, field, "zero or more")
        require(0 < self.learning_rate < math.inf, "learning_rate", "positive and finite")
        for field in ("beta_1", "beta_2", "average_decay"):
            require(0 <= getattr(self, field) < 1, field, "in [0, 1)")
        require(all(kind in MASK_KINDS for name in self.masks for kind in name.split("+")), "masks",
                f"kinds of {MASK_KINDS}, joined by '+'")
        require(sum(self.masks.values()) > 0 and min(self.masks.values()) >= 0, "masks", "positive weights")
        if self.model == "deepfill_v1":
            require(dict(self.masks) == {"box": 1.0}, "masks", "{'box': 1} for deepfill_v1")
            require(self.hole_weight == 0, "hole_weight", "0 for deepfill_v1")
            require(self.known_weight == 1, "known_weight", "1 for deepfill_v1")
            require(self.reconstruction == "l1", "reconstruction", "'l1' for deepfill_v1")
            require(self.hole_fill == "zeros", "hole_fill", "'zeros' for deepfill_v1")
            require(self.spectral_norm == "power-iteration", "spectral_norm", "left out for deepfill_v1")
            require(not self.guided, "guided", "false for deepfill_v1")
            require(self.initialization == "reference", "initialization", "'reference' for deepfill_v1")
            require(self.image_size >= 32, "image_size", "at least 32 for deepfill_v1")
