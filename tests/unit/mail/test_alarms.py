# SPDX-License-Identifier: Apache-2.0
"""Every alarm tells an operator what happened, and what he can do about it."""

import argparse
import ast
from collections.abc import Iterator
import importlib.metadata
import itertools
import pathlib
import shlex
from typing import Any

from oslotest import base

from patrii_billing.cmd import manage
from patrii_billing.domain import mail as mails
from patrii_billing.engine import act
from patrii_billing.mail import compose
from patrii_billing.mail import render
from tests.unit.mail import samples

_IDS = {'account': '7', 'subscription': '12', 'server': samples.WEB}
# Where an alarm is raised, and which argument is its name.
_RAISED = {'operator': 2, 'alarm': 2, '_alarm': 0, 'Alarm': 0}
_SOURCES = pathlib.Path(act.__file__).parents[1]


def alarms(language: str) -> dict[str, dict[str, Any]]:
    template = render._environment(()).get_template(f'{language}/_alarms.j2')
    found: dict[str, dict[str, Any]] = template.module.alarms  # type: ignore[attr-defined]
    return found


def composed(name: str, **values: Any) -> mails.Mail:
    given: dict[str, Any] = {
        'account': '', 'context': {'name': name, 'why': 'so it is'}
    }  # fmt: skip
    return compose.compose(
        samples.BRAND, samples.minimal('operator', **{**given, **values})
    )


def raised() -> Iterator[str]:
    """The names of all alarms that stand in the sources."""
    for room in ('domain', 'engine'):
        for path in sorted((_SOURCES / room).rglob('*.py')):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from _names_in(node)


def _names_in(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = getattr(function, 'attr', getattr(function, 'id', ''))
    args: list[Any] = list(call.args)
    if args and getattr(args[0], 'attr', '') == 'operator':
        # Through the database: write(tell.operator, now, name, ...).
        name, args = 'operator', [None, *args[1:]]
    if name not in _RAISED or len(args) <= _RAISED[name]:
        return
    given = args[_RAISED[name]]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value


class TestAlarms(base.BaseTestCase):
    def test_all_that_one_mail_tells_of_is_in_both_of_its_parts(self) -> None:
        also = (
            {'account': '<b>Co', 'subscription': 'co-1', 'server': 'x-1',
             'why': 'no host has room'},
            {'account': '', 'subscription': '', 'server': 'x-2',
             'why': 'ERROR'},
        )  # fmt: skip
        for locale, more in (('en', '2 more:'), ('fr', 'encore 2 :')):
            mail = composed('restore_stuck', also=also, locale=locale)
            self.assertIn('(+2)', mail.subject)
            for part in (mail.text, mail.html):
                self.assertIn(more, part.replace('\xa0', ' '))
                self.assertIn('x-2', part)
                self.assertIn('no host has room', part)
            self.assertIn('x-1, <b>Co, co-1', mail.text)
            self.assertIn('x-1, &lt;b&gt;Co, co-1', mail.html)

    def test_each_that_is_raised_is_known(self) -> None:
        found = set(raised())
        found |= {f'{one}_stuck' for one in act._AWAITED}
        # Of parking.each_alone and put_off.
        found |= {f'{work}_failed' for work in
                  ('charge', 'judgement', 'correction')}  # fmt: skip

        self.assertEqual(set(), found - set(mails.ALARMS))
        self.assertGreater(len(found), 25)

    def test_each_has_words_in_every_language(self) -> None:
        for language in samples.LANGUAGES:
            words = alarms(language)
            self.assertEqual(set(mails.ALARMS), set(words))
            for name, said in words.items():
                self.assertEqual(
                    {'subject', 'happened', 'means', 'commands'}, set(said)
                )
                self.assertTrue(all(said.values()), name)

    def test_each_has_a_subject_of_its_own(self) -> None:
        for language in samples.LANGUAGES:
            subjects = {one['subject'] for one in alarms(language).values()}
            self.assertEqual(len(mails.ALARMS), len(subjects))

    def test_has_the_same_commands_in_every_language(self) -> None:
        english, *others = (alarms(one) for one in samples.LANGUAGES)
        for other, name in itertools.product(others, english):
            self.assertEqual(
                [command for _, command in english[name]['commands']],
                [command for _, command in other[name]['commands']],
            )

    def test_its_commands_are_there_as_they_are_written(self) -> None:
        for name, said in alarms('en').items():
            for _, command in said['commands']:
                self.check(name, shlex.split(command % _IDS))

    def check(self, name: str, words: list[str]) -> None:
        if words[:2] == ['openstack', 'billing']:
            self.check_openstack(words[2:])
        elif words[0] == 'patrii-billing-manage':
            manage.parser().parse_args(words[1:])
        else:
            self.assertIn(words[0], ('openstack', 'journalctl', 'systemctl'))

    def check_openstack(self, words: list[str]) -> None:
        points = importlib.metadata.entry_points(
            group='openstack.billing.v1'
        )  # fmt: skip
        for length in (3, 2):
            found = points.select(name='_'.join(['billing', *words[:length]]))
            for point in found:
                parser: argparse.ArgumentParser = point.load()(
                    None, None
                ).get_parser('openstack')
                given = ['1' if word.isupper() else word for word in words]
                parser.parse_args(given[length:])
                return
        self.fail(f'there is no such command: {words}')

    def test_says_in_its_mail_what_happened_and_what_to_do(self) -> None:
        for name in mails.ALARMS:
            mail = composed(name, ids=_IDS)
            said = alarms('en')[name]
            flat = ' '.join(mail.text.split())
            self.assertEqual(f'[billing] {said["subject"]}', mail.subject)
            self.assertIn(said['happened'], flat)
            self.assertIn(said['means'], flat)
            self.assertIn('so it is', flat)
            self.assertIn(name, flat)
            for _, command in said['commands']:
                self.assertIn(f'\n  {command % _IDS}\n', mail.text)
                self.assertIn(command % _IDS, samples.spoken(mail.html))

    def test_leaves_out_a_command_whose_id_is_not_known(self) -> None:
        mail = composed('delivery_failed')

        self.assertNotIn('openstack billing account set', mail.text)
        self.assertIn('openstack billing notice resend NOTICE', mail.text)

    def test_puts_nothing_into_a_command_but_an_id(self) -> None:
        for hostile in ('x; rm -rf /', '$(id)', '-rf', 'a\nb', '`id`'):
            mail = composed('restore_stuck', ids={'server': hostile})
            self.assertNotIn('openstack server show', mail.text)

    def test_of_an_unknown_name_is_told_all_the_same(self) -> None:
        mail = composed('yet_unknown')

        self.assertEqual('[billing] yet_unknown', mail.subject)
        self.assertIn('so it is', mail.text)

    def test_is_written_in_the_language_of_the_operators(self) -> None:
        self.assertEqual(
            '[billing] Un serveur payé ne revient pas',
            composed('restore_stuck', locale='fr').subject,
        )
