"""How much a program computes: the multiplications and additions of its convolutions and matrix products."""

from __future__ import annotations

import math
from typing import Any


def count_operations(module: Any) -> int:
    """Operations of an HLO module's convolutions and matrix products, two for each product that is added up.

    What stands in a loop counts once; an exported chain has no loop around either.

    Args:
        module: An `HloModuleProto`.
    """
    total = 0
    for computation in module.computations:
        shapes = {instruction.id: list(instruction.shape.dimensions) for instruction in computation.instructions}
        for instruction in computation.instructions:
            results = math.prod(instruction.shape.dimensions)
            if instruction.opcode == "convolution":
                kernel = shapes[instruction.operand_ids[1]]
                outputs = kernel[instruction.convolution_dimension_numbers.kernel_output_feature_dimension]
                total += 2 * results * math.prod(kernel) // outputs
            elif instruction.opcode == "dot":
                left = shapes[instruction.operand_ids[0]]
                total += 2 * results * math.prod(
                    left[axis] for axis in instruction.dot_dimension_numbers.lhs_contracting_dimensions)
    return total
