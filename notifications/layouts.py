"""A message as plain text and as HTML mail: two layouts for the same words, rendered by Jinja2. Pure."""

import functools
from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from notifications.notices import NoticeType

_TEXT: Final = Environment(
    autoescape=False,  # noqa: S701 - plain text has nothing to escape; whatever becomes HTML goes through the other
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HTML: Final = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def filled_in(template: str, values: Mapping[str, object]) -> str:
    """Fills in a template of a locale; values are not escaped."""
    return _compiled(template).render(values)


def as_text(parts: Mapping[str, object]) -> str:
    return _compiled(_PLAIN).render(parts).strip()


def as_html(parts: Mapping[str, object], kind: NoticeType) -> str:
    """A whole mail in well-formed HTML, with all parts escaped, in the colour of its type of notice."""
    return _compiled(_MAIL, is_html=True).render(parts, tone=_TONES[kind])


@functools.cache
def _compiled(template: str, *, is_html: bool = False) -> Template:
    return (_HTML if is_html else _TEXT).from_string(template)


_GOOD, _WAITING, _BAD, _OVER = "#2c6e49", "#c2703f", "#a3262a", "#8a7b70"
_TONES: Final[Mapping[NoticeType, str]] = {
    **dict.fromkeys((NoticeType.PAID, NoticeType.REFUNDED, NoticeType.PARTIALLY_REFUNDED), _GOOD),
    **dict.fromkeys((NoticeType.RESERVED, NoticeType.REVIEW, NoticeType.CANCEL_REQUESTED), _WAITING),
    **dict.fromkeys((NoticeType.NOT_PAID, NoticeType.SUBSCRIPTION, NoticeType.SECOND_PAYMENT), _WAITING),
    NoticeType.PARTLY_FUNDED: _WAITING,
    **dict.fromkeys((NoticeType.FAILED, NoticeType.PAYMENT_FAILED, NoticeType.REFUND_DUE), _BAD),
    **dict.fromkeys((NoticeType.REFUND_FAILED, NoticeType.DISPUTE, NoticeType.EFFECT_FAILED), _BAD),
    **dict.fromkeys((NoticeType.EXPIRED, NoticeType.CANCELLED, NoticeType.EARLIER_ORDER), _OVER),
}

_PLAIN: Final = """\
{{ news }}

{% for label, detail in details %}
{{ label }}: {{ detail }}
{% endfor %}
{% if details %}

{% endif %}
{% if to_do %}{{ to_do }}: {% endif %}{{ advice }}

{% if page %}
{{ link }}: {{ page }}

{% endif %}
{% if shop %}
{{ shop }}
{% endif %}
{{ why }}
"""

# What mail clients support (https://www.caniemail.com): tables for Outlook, inline styles for Gmail, and dark colours
# in the head for clients that read it, whose `!important` overrides the inline ones. Only the logo is loaded.
_MAIL: Final = """\
{% set words = "font-size: 16px; line-height: 1.55; color: #2a211b; overflow-wrap: anywhere;" %}
{% set aside = "font-size: 13px; line-height: 1.5; color: #6f6157;" %}
{% set display = "font-family: Georgia, 'Iowan Old Style', Palatino, serif; font-weight: 600;" | safe %}
{% set sans = "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;" | safe %}
<!DOCTYPE html>
<html lang="{{ language }}" dir="{{ direction }}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="supported-color-schemes" content="light dark" />
<title>{{ subject }}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .paper { background: #171412 !important; }
  .card { background: #221e1b !important; border-bottom-color: #3a332d !important;
    border-left-color: #3a332d !important; border-right-color: #3a332d !important; }
  .box { background: #2c2622 !important; }
  .ink { color: #f3ebe2 !important; }
  .soft { color: #b3a498 !important; }
  .button { background: #e58a5d !important; color: #24120a !important; }
}
</style>
</head>
<body class="paper" style="margin: 0; padding: 0; background: #f6f1ea;">
<div style="display: none; max-height: 0; overflow: hidden;">{{ short }}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="paper" \
style="background: #f6f1ea;">
<tr>
<td align="center" style="padding: 28px 14px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width: 560px; {{ sans }}">
{% if logo or shop %}
<tr>
<td class="ink" style="padding: 0 6px 18px; {{ display }} font-size: 21px; color: #2a211b;">
{% if logo %}
<img src="{{ logo }}" alt="{{ shop }}" height="40" style="display: block; height: 40px; border: 0;" />
{% else %}
{{ shop }}
{% endif %}
</td>
</tr>
{% endif %}
<tr>
<td class="card" style="padding: 30px 30px 32px; background: #fffdfa; border: 1px solid #e8ddd0; \
border-top: 4px solid {{ tone }}; border-radius: 12px;">
<h1 class="ink" style="margin: 0 0 14px; {{ display }} font-size: 26px; line-height: 1.25; color: #2a211b;">\
{{ title }}</h1>
<p class="ink" style="margin: 0; {{ words }}">{{ news }}</p>
{% if details %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin: 22px 0 0;">
<tr>
<td class="box" style="padding: 6px 18px 16px; background: #f6f1ea; border-radius: 10px;">
{% for label, detail in details %}
<p class="soft" style="margin: 10px 0 0; {{ aside }}">{{ label }}</p>
<p class="ink" style="margin: 0; {{ words }}\
{% if detail == amount %} font-size: 20px; font-weight: 600;{% endif %}">{{ detail }}</p>
{% endfor %}
</td>
</tr>
</table>
{% endif %}
<p class="ink" style="margin: 22px 0 0; {{ words }}">\
{% if to_do %}<strong>{{ to_do }}:</strong> {% endif %}{{ advice }}</p>
{% if page %}
<p style="margin: 26px 0 0;"><a href="{{ page }}" class="button" style="display: inline-block; padding: 12px 24px; \
background: #a34a22; border-radius: 24px; font-size: 16px; font-weight: 600; color: #fffaf5; text-decoration: none;">\
{{ link }}</a></p>
{% endif %}
</td>
</tr>
<tr>
<td class="soft" style="padding: 18px 6px 0; {{ aside }} \
overflow-wrap: anywhere;">
{% if shop %}
{{ shop }}<br />
{% endif %}
{{ why }}
</td>
</tr>
</table>
</td>
</tr>
</table>
</body>
</html>
"""
