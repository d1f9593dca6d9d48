"""The work of `python -m pipelines.evaluate`: inputs, systems, figures, tables and pictures, in this order."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from pipelines import command, run_folder, runtime
from pipelines.errors import InputError
from pipelines.evaluation.cases import MANIFEST, Case, Condition, Protocol, prepare, sha256
from pipelines.evaluation.given_results import pair_results, results_folders
from pipelines.evaluation.holes import parse_holes
from pipelines.evaluation.noise import parse_noise
from pipelines.evaluation.records import Records
from pipelines.evaluation.runner import Runner
from pipelines.evaluation.systems import (COMODGAN, DEFAULT, PAPER, Chain, Settings, Workshop, parse_system,
                                          weights_facts)

PAPER_SUITE = "paper"
NO_MODULE, ANY_MODULE = "none", "auto"  # --inception


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; returns 0, or 1 if some pictures failed.

    Raises:
        InputError: If the arguments, or all the pictures, cannot be used.
    """
    protocol = _protocol(arguments)
    settings = Settings(arguments.denoiser, arguments.denoise_seconds, arguments.inpainter, arguments.v1_weights,
                        arguments.seed)
    workshop = Workshop(settings)
    chains, missing = _choose(arguments, workshop)
    elsewhere = results_folders(arguments.results, chains)
    missing = {name: note for name, note in missing.items() if name not in elsewhere}
    arrays = _lpips_arrays(arguments.lpips)
    folder = run_folder.create(arguments.output, settings, seed=arguments.seed, resume=True, facts={
        "size": protocol.size, "limit": protocol.limit, "precision": arguments.precision, **weights_facts(settings),
        "conditions": [condition.name for condition in protocol.conditions]})
    runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    cases, unusable = prepare(protocol, folder)
    results, unfound = pair_results(elsewhere, cases, folder)
    features, absent = _features(arguments.inception, folder, len({case.picture for case in cases}))
    if arrays is None:
        absent["lpips"] = "no weights"
    runner = Runner(folder, Records(folder / "finished.jsonl"), workshop, _metric(arrays, arguments.lpips))
    results = {**runner.run(chains, cases), **results}
    figures = runner.measure(results)
    costs = {system: {case: runner.cost(case, chain) for case in figures[system]}
             for system, chain in chains.items() if chain}

    from pipelines.evaluation.outcome import write_outcome

    text, files = write_outcome(folder, protocol.conditions, figures, results, costs=costs, missing=missing,
                                absent=absent, features=features, is_paper=arguments.suite == PAPER_SUITE)
    print(text)
    _warn(costs)
    print(f"wrote {folder}: {', '.join(path.name for path in [folder / MANIFEST, *files])}")
    if failures := unusable + unfound + runner.failures:
        command.report_error(f"{failures} pictures or results are missing from the table, see above")
        return command.SOME_FAILED
    return command.DONE


def _protocol(arguments: argparse.Namespace) -> Protocol:
    noises = [parse_noise(text) for text in arguments.noise.split(",")]
    holes = [parse_holes(text, resizes=arguments.resize_masks) for text in arguments.masks.split(",")]
    conditions = tuple(Condition(noise, hole) for noise in noises for hole in holes)
    if len({condition.name for condition in conditions}) < len(conditions):
        raise InputError("--noise, --masks", "name the same twice", "give each once")
    return Protocol(arguments.data, conditions, arguments.size, arguments.limit, arguments.seed)


def _choose(arguments: argparse.Namespace, workshop: Workshop) -> tuple[dict[str, Chain], dict[str, str]]:
    """The systems to run and, of those that nobody named, the ones that cannot be, with the reason."""
    is_paper = arguments.suite == PAPER_SUITE
    chains, missing = {}, {COMODGAN: "no results"} if is_paper else {}
    for name in arguments.systems.split(",") if arguments.systems else PAPER if is_paper else DEFAULT:
        chain = parse_system(name)
        obstacle = workshop.obstacle(chain)
        if obstacle is None:
            chains[name] = chain
        elif arguments.systems:
            raise InputError("--systems", f"{name}: {obstacle[0]}", obstacle[1])
        else:
            missing[name] = obstacle[0]
    return chains, missing


def _lpips_arrays(path: Optional[str]) -> Any:
    if path is None:
        return None
    from weights.lpips_file import read_lpips

    return read_lpips(path)


def _metric(arrays: Any, path: Optional[str]) -> Optional[tuple[Any, str]]:
    if arrays is None or path is None:
        return None
    from pipelines.evaluation.lpips import Lpips

    return Lpips(arrays), sha256(Path(path))


def _features(module: str, folder: Path, pictures: int) -> tuple[Any, dict[str, str]]:
    """What FID is computed with, and why there is none."""
    if module == NO_MODULE:
        return None, {"fid": "not asked for"}
    from pipelines.evaluation.frechet import FEW, FEWEST, PUBLISHED, load_inception

    if pictures < FEWEST:
        if module != ANY_MODULE:
            raise InputError("--inception", f"FID needs at least {FEWEST} pictures, found {pictures}",
                             f"give more pictures, or --inception {NO_MODULE}")
        return None, {"fid": "one picture"}
    try:
        inception = load_inception(PUBLISHED if module == ANY_MODULE else module)
    except InputError as error:
        if module != ANY_MODULE:
            raise
        command.report_warning(f"no FID: {error}")
        return None, {"fid": "no Inception"}
    if pictures < FEW:
        command.report_warning(f"FID of {pictures} pictures is mostly bias: compare it for the same pictures only; "
                               f"{FEW:,} are the least that it should be read from")
    from pipelines.evaluation.features import FeatureStore

    return FeatureStore(folder, inception, module), {}


def _warn(costs: Mapping[str, Mapping[Case, Mapping[str, Any]]]) -> None:
    for system, found in costs.items():
        if count := sum(bool(cost["warnings"]) for cost in found.values()):
            command.report_warning(f"{system}: {count} pictures came with a warning, see costs.json")
