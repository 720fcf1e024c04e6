# SPDX-License-Identifier: Apache-2.0
"""Somebody who opens pages and clicks on them."""

from typing import Any

from playwright import sync_api

from tests.window import browser


class Visitor:
    """Somebody with a browser of his own, who sees each fault of a page."""

    def __init__(self, home: str, **options: Any) -> None:
        """:param home: where the pages are"""
        self.home = home
        self.faults: list[str] = []
        self.context = browser.chromium().new_context(
            **{
                'viewport': {'width': 1280, 'height': 900},
                'locale': 'en',
                **options,
            }
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.page.on('console', self._heard)
        self.page.on('pageerror', lambda error: self.faults.append(str(error)))
        self.page.on('response', self._answered)

    def open(self, path: str) -> sync_api.Page:
        self.page.goto(self.home + path)
        return self.page

    def _heard(self, message: sync_api.ConsoleMessage) -> None:
        if message.type in ('error', 'warning'):
            self.faults.append(message.text)

    def _answered(self, answer: sync_api.Response) -> None:
        if answer.status >= 400:
            self.faults.append(f'{answer.status} {answer.url}')

    # What he does, by the words that he sees.

    def follow(self, name: str) -> None:
        self.page.get_by_role('link', name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def press(self, name: str) -> None:
        """A button of the page, not of its head."""
        main = self.page.get_by_role('main')
        main.get_by_role('button', name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_role('main').get_by_label(label).fill(text)

    def sees(self, words: str) -> None:
        """:raises AssertionError: they are not on the page"""
        main = self.page.get_by_role('main')
        sync_api.expect(main).to_contain_text(words)

    def search(self, words: str) -> None:
        """In the head of any page."""
        field = self.page.get_by_role('banner').get_by_role('searchbox')
        field.fill(words)
        field.press('Enter')
        self.page.wait_for_url('**/customers/?search=*')
