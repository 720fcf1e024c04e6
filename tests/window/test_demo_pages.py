# SPDX-License-Identifier: Apache-2.0
"""Everybody can read and use every page, on any screen, in two languages."""

import functools
import io

from oslotest import base
import pypdf
import testscenarios

from tests.window import browser
from tests.window import demo
from tests.window import visitor as visitors

load_tests = testscenarios.load_tests_apply_scenarios

# Of those that a click leads to, `link` is what is clicked on the list.
PAGES = {
    'overview': '/',
    'customers': '/customers/',
    'nobody': '/customers/?search=nobody',
    'invoices': '/invoices/?overdue=true',
    'actions': '/actions/',
    'mails': '/notices/',
    'samples': '/notices/samples?template=last_warning',
    'plans': '/plans/',
    'simulation': '/simulation/',
    'stop': '/do/stop/all',
    'nothing': '/nothing-is-here',
}
_BY_STATUS = '/customers/?billing_status'
LINKS = {
    'customer': (f'{_BY_STATUS}=pending_deletion', 'tbody th a'),
    'held': (f'{_BY_STATUS}=held', 'tbody th a'),
    'invoice': ('/invoices/', 'tbody th a'),
    'mail': ('/notices/', 'tbody th a'),
    'pay': (f'{_BY_STATUS}=shelved', 'tbody th a', 'a[href*="do/pay"]'),
    'hold': (f'{_BY_STATUS}=shelved', 'tbody th a', 'a[href*="do/hold"]'),
}
_SCREENS = (375, 1280)
# What a person can move sideways, and what has a page of its own.
_SCROLLED = '.scroll, iframe'
_REACHED = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary,'
    + ' [tabindex="0"]')].filter(e => e.checkVisibility())"""
_MARK = f'() => ({_REACHED})().forEach((e, i) => e.dataset.place = i)'
_FOCUSED = """() => {
    const focused = document.activeElement;
    const style = getComputedStyle(focused);
    // Of a field for a day a part has it, which the browser shows.
    const is_seen = focused.matches('[type=date]')
        || style.outlineStyle !== 'none' && style.outlineWidth !== '0px';
    return [focused.dataset.place ?? null, is_seen];
}"""


class EveryPageTest(base.BaseTestCase):
    scenarios = [(name, {'name': name}) for name in (*PAGES, *LINKS)]
    name: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        demo.address()

    def visit(self, **options: str) -> visitors.Visitor:
        visitor = demo.visit(**options)
        self.addCleanup(visitor.context.close)
        first, *links = LINKS.get(self.name) or (PAGES[self.name],)
        page = visitor.open(first)
        for link in links:
            page.locator(link).first.click()
            page.wait_for_load_state()
        return visitor

    def test_is_readable_and_in_order_on_every_screen(self) -> None:
        visitor = self.visit()
        page, found = visitor.page, {}
        for scheme in browser.SCHEMES:
            for width in _SCREENS:
                browser.look(page, width, scheme)
                screen = f'{self.name}-{width}-{scheme}'
                found[screen] = browser.overflows(page, _SCROLLED)
                browser.picture(page, f'page-{screen}')
            # Nothing but colours differs from one to the other.
            judge = (
                browser.certainly_inaccessible if scheme == 'light'
                else functools.partial(browser.colours, doubts=False)
            )  # fmt: skip
            found[scheme] = judge(page)
        browser.look(page, _SCREENS[0], 'light')
        found['narrow'] = browser.certainly_inaccessible(page)
        found['heard'] = self.faults(visitor)

        self.assertEqual({}, {name: one for name, one in found.items() if one})

    def test_is_as_well_in_french(self) -> None:
        visitor = self.visit(locale='fr')
        page, found = visitor.page, {}
        self.assertEqual('fr', page.locator('html').get_attribute('lang'))
        for width in _SCREENS:
            browser.look(page, width, 'light')
            found[f'{width}'] = browser.overflows(page, _SCROLLED)
            browser.picture(page, f'page-{self.name}-{width}-fr')
        found['reading'] = browser.certainly_inaccessible(page)
        found['heard'] = self.faults(visitor)

        self.assertEqual({}, {name: one for name, one in found.items() if one})

    def faults(self, visitor: visitors.Visitor) -> list[str]:
        if self.name == 'nothing':
            # The browser itself says that it was not found.
            return [one for one in visitor.faults if '404' not in one]
        return visitor.faults


class PaperTest(base.BaseTestCase):
    def test_a_page_is_printed_without_what_one_clicks(self) -> None:
        visitor = demo.visit(color_scheme='dark')
        self.addCleanup(visitor.context.close)
        page = visitor.open(LINKS['customer'][0])
        page.locator(LINKS['customer'][1]).first.click()
        page.wait_for_load_state()

        paper = pypdf.PdfReader(io.BytesIO(page.pdf(format='A4')))

        text = [one.extract_text() for one in paper.pages]
        self.assertIn('They will be deleted from', text[0])
        self.assertIn('Feb', text[0])
        # Of a table that a phone has no room for.
        self.assertIn('Period', ''.join(text))
        for button in ('Simulation', 'Record a payment', 'Send again'):
            self.assertNotIn(button, ''.join(text))
        for number, one in enumerate(text):
            self.assertGreater(len(one), 100, f'page {number} is empty')
        page.emulate_media(media='print')
        browser.picture(page, 'page-customer-paper')
        ground = page.evaluate(
            'getComputedStyle(document.documentElement).backgroundColor'
        )
        self.assertEqual('rgb(255, 255, 255)', ground)


class KeyboardTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.visitor = demo.visit()
        self.addCleanup(self.visitor.context.close)

    def test_reaches_everything_and_shows_where_it_is(self) -> None:
        for path in ('/', '/actions/', '/simulation/', '/do/hold/1'):
            page = self.visitor.open(path)
            page.evaluate(_MARK)
            every = set(range(page.evaluate(f'() => ({_REACHED})().length')))
            reached, unseen = set(), set()
            # A field for a day has several places of its own.
            for _ in range(2 * len(every) + 10):
                page.keyboard.press('Tab')
                place, is_seen = page.evaluate(_FOCUSED)
                if place is None:
                    continue
                reached.add(int(place))
                if not is_seen:
                    unseen.add(int(place))

            self.assertEqual(set(), every - reached, path)
            self.assertEqual(set(), unseen, path)

    def test_skips_the_menu(self) -> None:
        page = self.visitor.open('/customers/')
        page.keyboard.press('Tab')
        page.keyboard.press('Enter')
        focused = page.evaluate('() => document.activeElement.id')
        self.assertEqual('content', focused)


class PhoneWithoutScriptsTest(base.BaseTestCase):
    def test_the_menu_opens_by_touch_and_by_key(self) -> None:
        visitor = demo.visit(
            viewport={'width': 375, 'height': 800}, java_script_enabled=False
        )
        self.addCleanup(visitor.context.close)
        page = visitor.open('/')
        link = page.get_by_role('link', name='Invoices', exact=True)
        self.assertFalse(link.is_visible())

        page.get_by_role('checkbox', name='Menu').click()
        self.assertTrue(link.is_visible())
        browser.picture(page, 'page-menu-375-light')
        page.keyboard.press('Space')
        self.assertFalse(link.is_visible())
        page.keyboard.press('Space')
        link.click()
        page.wait_for_url('**/invoices/')
        self.assertEqual([], visitor.faults)
