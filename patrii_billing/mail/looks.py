# SPDX-License-Identifier: Apache-2.0
"""How mails look: a brand's colours, its logo, styles that programs keep."""

import base64
from dataclasses import dataclass
import functools
import pathlib
import re

import css_inline

from patrii_billing.domain import mail as mails
from patrii_billing import errors

_COLOUR = re.compile(r'#[0-9a-fA-F]{6}')
_WHITE, _BLACK, _TEXT = '#ffffff', '#000000', '#1f2430'
# What text needs to stand out from its ground (WCAG 2.1, 1.4.3, level AA).
_READABLE = 4.5
# What a file begins with; mail programs show no SVG, and few of them WebP.
_PICTURES = {
    b'\x89PNG\r\n\x1a\n': 'png',
    b'\xff\xd8\xff': 'jpeg',
    b'GIF8': 'gif',
}
# It is in each mail that is sent.
_LARGEST_LOGO = 100_000
_LOGO = 'logo'


@dataclass(frozen=True, slots=True)
class Colours:
    """The brand's colour, what is read on it, and that of links on white."""

    accent: str
    ink: str
    link: str


def colours(accent: str) -> Colours:
    """All that a mail needs, from a colour as #1f4fa3.

    Whatever the colour is, text can be read: words on it are black or white,
    and links have it only if it is dark enough. Raises InvalidInput.
    """
    if not _COLOUR.fullmatch(accent):
        # It goes into the style sheet as it is.
        raise errors.InvalidInput(
            f'{accent!r} is not a colour, as #1f4fa3', '[mail] accent'
        )
    ink = max((_WHITE, _BLACK), key=lambda one: contrast(one, accent))
    dark_enough = contrast(accent, _WHITE) >= _READABLE
    return Colours(accent, ink, accent if dark_enough else _TEXT)


def contrast(one: str, other: str) -> float:
    """How much two colours differ, from 1 to 21 (WCAG 2.1)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@functools.cache
def logo(path: str, domain: str) -> mails.Picture | None:
    """The picture in a file, read once. Raises InvalidInput."""
    if not path:
        return None
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise _bad_logo(f'{path!r}: {error.strerror}') from None
    for beginning, kind in _PICTURES.items():
        if data.startswith(beginning):
            break
    else:
        raise _bad_logo(f'{path!r} is neither PNG nor JPEG nor GIF')
    if len(data) > _LARGEST_LOGO:
        raise _bad_logo(f'{path!r} has more than {_LARGEST_LOGO:,} bytes')
    return mails.Picture(f'{_LOGO}@{domain}', data, kind)


def _bad_logo(reason: str) -> errors.InvalidInput:
    return errors.InvalidInput(reason, '[mail] logo')


# What hangs on the screen cannot go to the elements: the sheet with it says
# that it is to be kept.
_KEPT = ' data-css-inline="keep"'
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


def inlined(html: str) -> str:
    """The page with its styles at its elements: many programs drop others."""
    if '<style' not in html:
        return html
    return _INLINER.inline(html).replace(_KEPT, '')


def standalone(mail: mails.Mail) -> str:
    """The mail's page with its pictures inside, as a browser can show it."""
    html = mail.html
    for picture in mail.pictures:
        data = base64.b64encode(picture.data).decode()
        html = html.replace(
            f'"cid:{picture.id}"', f'"data:image/{picture.kind};base64,{data}"'
        )
    return html


_DARK = '(prefers-color-scheme: dark)'


def on_screen(mail: mails.Mail, dark: bool) -> str:
    """The mail's page as a light or a dark screen shows it, on any screen."""
    chosen = 'all' if dark else 'not all'
    scheme = 'dark' if dark else 'light'
    return (
        standalone(mail)
        .replace(_DARK, chosen)
        .replace('content="light dark"', f'content="{scheme}"')
    )
