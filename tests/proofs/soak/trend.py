"""How fast a figure grows, by least squares."""

import itertools
from collections.abc import Sequence


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y grows with x, along the line that is nearest to all points (x, y)."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    if not spread:
        raise ValueError("a slope takes points at different x")
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def sparkline(figures: Sequence[float], width: int = 60) -> str:
    """The figures as a line of blocks, from the lowest to the highest; neighbours are shown by their mean."""
    lowest, highest = min(figures), max(figures)
    columns = min(width, len(figures))
    ends = [round(column * len(figures) / columns) for column in range(columns + 1)]
    shares = [figures[first:end] for first, end in itertools.pairwise(ends)]
    heights = ((sum(share) / len(share) - lowest) / ((highest - lowest) or 1) for share in shares)
    return "".join(_BLOCKS[round(height * (len(_BLOCKS) - 1))] for height in heights)


_BLOCKS = "▁▂▃▄▅▆▇█"
