"""How long it takes from starting Python until the first picture is worked on, and until its holes are filled.

    python benchmarks/bench_startup.py [--side 256] [--repeats 5]

Each run is a process of its own, which goes the way of `python -m pipelines.restore --denoiser none`, with one network.
Printed are the seconds since the process was started, of the run that was ready first. "Ready": the network is loaded
and its graph traced, so that work begins; in the first picture's time TensorFlow prepares the graph for this machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

STAGES = "TensorFlow", "network", "ready", "first picture", "second picture"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256, help="of the pictures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.started:
        print(json.dumps(measure(arguments.started, arguments.side)))
        return
    runs = []
    for _ in range(arguments.repeats):
        command = [sys.executable, __file__, "--side", str(arguments.side), "--started", str(time.time())]
        runs.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    fastest = min(runs, key=lambda seconds: seconds[STAGES.index("ready")])
    print(f"| {' | '.join(STAGES)} |\n|{'---|' * len(STAGES)}")
    print(f"| {' | '.join(f'{seconds:.1f} s' for seconds in fastest)} |")


def measure(started: float, side: int) -> list[float]:
    """Seconds from `started` to the end of each of `STAGES`, in this process."""
    from bench_inference import seeded_mask, seeded_picture

    from pipelines import runtime
    from pipelines.damage import DamageDetector  # noqa: F401  the command imports it, too

    ends = []

    def ended():
        ends.append(time.time() - started)

    runtime.start(seed=0)
    ended()
    import weights
    from pipelines.chain import RestorationChain

    generator = weights.load_generator(weights.DEFAULT)
    ended()
    chain = RestorationChain(channels=3, inpainter=generator)
    ended()
    image = seeded_picture(side, side)[None].astype("float32")
    mask = seeded_mask("scratches", side, side)[None, ..., None].astype("float32")
    for _ in range(2):
        chain(image, mask, [0.0, 255.0])["restored"].numpy()
        ended()
    return ends


if __name__ == "__main__":
    main()
