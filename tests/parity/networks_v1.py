"""DeepFill v1's networks with the recipe's weights, turned to RGB as weights.convert turns official ones."""

from deepfill_tf.v1.discriminator import build_critics
from deepfill_tf.v1.generator import build_generator
from deepfill_tf.v1.objective import Critics
from tests.parity import recipe_v1
from tests.parity.generators import to_rgb


def official_generator():
    """The generator with the recipe's weights."""
    generator = build_generator()
    for variable, values in recipe_v1.weights("generator").items():
        layer, kind = variable.split("/")[-2:]
        getattr(generator.get_layer(layer), kind).assign(to_rgb(layer, kind, values))
    return generator


def official_critics():
    """Both critics with the recipe's weights, for pictures of 64 and boxes of 32 pixels."""
    critics = Critics(*build_critics((64, 64), (32, 32)))
    for variable, values in recipe_v1.small_discriminator_weights().items():
        layer, kind = variable.split("/")[-2:]
        critic = critics.local if "local" in variable else critics.whole
        getattr(critic.get_layer(layer), kind).assign(to_rgb(layer, kind, values))
    return critics


def official_name(critic, variable):
    """A critic's variable as the official graph calls it."""
    layer, kind = variable.name.partition(":")[0].split("/")
    return "/".join(["discriminator", *([] if layer.startswith("dout") else [critic.name]), layer, kind])
