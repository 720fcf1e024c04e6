# SPDX-License-Identifier: Apache-2.0
"""A real browser, and what it finds of a page that a person would mind."""

import atexit
from collections.abc import Mapping
import functools
import importlib.resources
import os
import pathlib
from typing import Any

from playwright import sync_api

# Debian's; a browser that is missing fails the tests.
PROGRAM = '/usr/bin/chromium'
FLAGS = (
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync',
)  # fmt: skip
SCREENS = {'narrow': 375, 'wide': 800}
SCHEMES = ('light', 'dark')
PICTURES = pathlib.Path(
    os.environ.get(
        'WINDOW_PICTURES',
        str(pathlib.Path(__file__).parents[2] / '.logs' / 'window'),
    )
)
# The whole of WCAG 2.2 that a program can judge, level AA.
_EVERYTHING = {
    'type': 'tag',
    'values': ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
}
_COLOURS = {'type': 'rule', 'values': ['color-contrast']}
# What is beyond the edge of the screen, or cut off by its box.
_OVERFLOWS = """scrolled => {
    const width = document.documentElement.clientWidth;
    const found = [];
    const name = e => `${e.tagName} ${e.className}: `
        + e.textContent.trim().slice(0, 60);
    if (document.documentElement.scrollWidth > width)
        found.push(`the page is ${document.documentElement.scrollWidth}`);
    for (const element of document.body.querySelectorAll('*')) {
        if (scrolled && element.closest(scrolled)) continue;
        const box = element.getBoundingClientRect();
        if (box.width && (box.right > width + 1 || box.left < -1))
            found.push(name(element) + ` ${box.left} to ${box.right}`);
        const cut = getComputedStyle(element).overflowX !== 'visible'
            && element.clientWidth > 1  // else it is for ears alone
            && element.scrollWidth > element.clientWidth + 1;
        if (cut) found.push(name(element) + ' is cut off');
        const range = document.createRange();
        for (const child of element.childNodes) {
            if (child.nodeType !== Node.TEXT_NODE) continue;
            range.selectNodeContents(child);
            for (const line of range.getClientRects())
                if (line.right > width + 1 || line.left < -1)
                    found.push(name(element) + ' has words beyond the edge');
        }
    }
    return found;
}"""
_AXE = """async ([only, doubts]) => {
    const found = await axe.run(document, {
        runOnly: only, resultTypes: ['violations', 'incomplete'],
    });
    const open = doubts
        ? found.incomplete.filter(one => one.id === 'color-contrast') : [];
    return [...found.violations, ...open].flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.html.slice(0, 120)} `
            + node.any.map(check => check.message).join('; ')));
}"""
_NO_SHEETS = """() => {
    for (const sheet of document.querySelectorAll('style')) sheet.remove();
}"""


@functools.cache
def chromium() -> sync_api.Browser:
    """One browser for all tests of a process, ended with it."""
    play = sync_api.sync_playwright().start()
    browser = play.chromium.launch(executable_path=PROGRAM, args=FLAGS)

    def end() -> None:
        browser.close()
        play.stop()

    atexit.register(end)
    return browser


@functools.cache
def axe() -> str:
    package = importlib.resources.files('axe_playwright_python')
    return (package / 'axe.min.js').read_text(encoding='utf-8')


@functools.cache
def shared_tab() -> sync_api.Page:
    """A tab for one page after the other: a new one costs half a second."""
    return tab()


def tab(**options: Any) -> sync_api.Page:
    """A new tab that reaches nothing outside."""
    context = chromium().new_context(
        viewport={'width': 800, 'height': 900}, bypass_csp=True, **options
    )
    context.route('http*://**', lambda route: route.abort())
    return context.new_page()


def look(
    page: sync_api.Page, width: int, scheme: Any, height: int = 900
) -> None:
    page.set_viewport_size({'width': width, 'height': height})
    page.emulate_media(color_scheme=scheme)


def overflows(page: sync_api.Page, scrolled: str = '') -> list[str]:
    """:param scrolled: the selector of what a person can move sideways"""
    found: list[str] = page.evaluate(_OVERFLOWS, scrolled)
    return found


def inaccessible(page: sync_api.Page) -> list[str]:
    """What axe-core objects to, colours it cannot judge among it."""
    return _judged(page, _EVERYTHING)


def colours(page: sync_api.Page, *, doubts: bool = True) -> list[str]:
    """Words that do not stand out from their ground."""
    return _judged(page, _COLOURS, doubts=doubts)


def certainly_inaccessible(page: sync_api.Page) -> list[str]:
    """The same without what is scrolled away, or drawn over a picture."""
    return _judged(page, _EVERYTHING, doubts=False)


def _judged(
    page: sync_api.Page, only: Mapping[str, Any], *, doubts: bool = True
) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe())
    found: list[str] = page.evaluate(_AXE, [only, doubts])
    return found


def picture(page: sync_api.Page, name: str) -> None:
    """Keep what is on the screen, for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f'{name}.png', full_page=True)


def faults(page: sync_api.Page, name: str) -> dict[str, list[str]]:
    """All that is wrong on each screen; its pictures are kept by a name.

    The last screen is that of a program that drops style sheets, and keeps
    the styles at the elements alone. Nothing but colours and widths differs
    from screen to screen.
    """
    found = {}
    for scheme in SCHEMES:
        for size, width in SCREENS.items():
            look(page, width, scheme)
            found[f'{size} {scheme}'] = overflows(page)
            picture(page, f'{name}-{width}-{scheme}')
        judged = inaccessible(page) if scheme == 'light' else colours(page)
        found[f'{scheme} reading'] = judged
    page.evaluate(_NO_SHEETS)
    look(page, SCREENS['narrow'], 'dark')
    found['no sheets'] = overflows(page) + colours(page)
    return {screen: wrong for screen, wrong in found.items() if wrong}
