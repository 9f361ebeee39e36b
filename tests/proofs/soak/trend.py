"""How fast a figure grows, by least squares."""

from collections.abc import Sequence


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line through the points (x, y)."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    if not spread:
        raise ValueError("a slope takes points at different x")
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
