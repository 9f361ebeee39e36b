"""Parameters in Stripe's encoding: a form with nested names, `line_items[0][price_data][currency]=eur`."""

import re
from collections.abc import Iterable
from typing import Final

from tools.stripe_stand_in.refusals import InvalidParameter

Form = dict[str, "str | Form"]
"""A list is a form whose names are the indices."""

_NAME: Final = re.compile(r"([a-z_0-9]+)((?:\[[^\[\]]*\])*)", re.IGNORECASE)


def nested(pairs: Iterable[tuple[str, str]]) -> Form:
    """Raises InvalidParameter."""
    form: Form = {}
    for name, value in pairs:
        if not (parts := _NAME.fullmatch(name)):
            raise InvalidParameter(f"Invalid parameter name: {name}", code="parameter_unknown", param=name)
        *outer, last = parts[1], *re.findall(r"\[([^\]]*)\]", parts[2])
        inner = form
        for part in outer:
            below = inner.setdefault(part, {})
            if isinstance(below, str):
                raise InvalidParameter("Invalid object", param=name)
            inner = below
        # `expand[]=a&expand[]=b` is a list too.
        inner[last or str(len(inner))] = value
    return form
