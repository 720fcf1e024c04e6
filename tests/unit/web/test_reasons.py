# SPDX-License-Identifier: Apache-2.0
"""What the service says by itself is read in the reader's language."""

import ast
import pathlib
import re
import zoneinfo

from oslotest import base

import patrii_billing
from patrii_billing.web import reasons
from patrii_billing.web import words

_ROOT = pathlib.Path(patrii_billing.__file__).parent
_SPEAKERS = ('domain', 'engine', 'store', 'api')
_GAP = re.compile(r'%\(\w+\)s')


def _spoken() -> str:
    """Every text in the source of who speaks, gaps as they are."""
    found = []
    for room in _SPEAKERS:
        for path in sorted((_ROOT / room).rglob('*.py')):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant):
                    found.append(str(node.value))
    return '\n'.join(found)


class ReasonsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.words = words.of('fr', zoneinfo.ZoneInfo('UTC'))

    def said(self, text: str) -> str:
        told = reasons.said(text, self.words.gettext, self.words.price)
        return re.sub(r'\s', ' ', told)

    def test_one_is_translated_with_what_stands_in_it(self) -> None:
        for english, french in {
            'nothing is past due': 'plus rien n’est échu',
            'task shelving is running': 'la tâche shelving est en cours',
            'pause hold': 'mise en attente (pause)',
            'INV-000073 is paid': 'INV-000073 : payée',
            'a promise hold is in force':
                'une mise en attente (promesse) est en vigueur',
            '4.50 EUR x 8 x 10/31 days': '4,50 € × 8 × 10/31 jours',
            '9.90 EUR billed x 3/31 days not used, '
            'to what earlier credits left of it':
                '9,90 € facturés × 3/31 jours en moins, dans la limite de ce '
                'que les avoirs précédents en ont laissé',
            'enforcement is stopped: waits for approval':
                'suspensions et suppressions arrêtées : attend une '
                'approbation',
        }.items():  # fmt: skip
            self.assertEqual(french, self.said(english))

    def test_what_a_person_wrote_is_left_as_it_is(self) -> None:
        for text in (
            'He has promised to pay', '', 'a lot x 2 used',
            '100% (name)s', 'please hold', 'acme is paid',
            'nothing is past due!',
        ):  # fmt: skip
            self.assertEqual(text, self.said(text))

    def test_each_of_them_is_really_said(self) -> None:
        spoken = _spoken()
        unheard = [
            sentence
            for sentence in reasons.SENTENCES
            if not all(part in spoken for part in _GAP.split(sentence))
        ]
        self.assertEqual([], unheard)
