#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of the documentation anew, from the demo's pages.

Needs what `tox -e window` has: `python tools/pictures.py`.
"""

import io
import pathlib
import sys

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.window import demo  # noqa: E402

FOLDER = ROOT / 'doc' / 'source' / '_static'
SIZE = {'width': 1200, 'height': 820}
# Pages of lines and words need no more.
COLOURS = 64
_OWING = '/customers/?billing_status=pending_deletion'
# Where one begins, and what is clicked on from there.
PICTURES: dict[str, tuple[str, ...]] = {
    'overview': ('/',),
    'customer': (_OWING, 'tbody th a'),
    'customers': ('/customers/?sort=owed:desc',),
}


def main() -> None:
    visitor = demo.visit(viewport=SIZE)
    for name, (path, *clicks) in PICTURES.items():
        page = visitor.open(path)
        for click in clicks:
            page.locator(click).first.click()
            page.wait_for_load_state()
        taken = Image.open(io.BytesIO(page.screenshot()))
        small = taken.convert('RGB').quantize(COLOURS)
        small.save(FOLDER / f'{name}.png', optimize=True)
    visitor.context.close()


if __name__ == '__main__':
    main()
