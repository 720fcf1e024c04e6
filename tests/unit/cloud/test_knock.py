# SPDX-License-Identifier: Apache-2.0
"""What makes nova notify leaves nothing behind."""

import base64
from typing import Any

from patrii_billing.cloud import knock
from patrii_billing import errors
from tests.unit.cloud import base

KEYS = f'{base.NOVA}/os-keypairs'


class TestKnock(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.keys: dict[str, str] = {}
        self.web.post(KEYS, json=self.make)

    def make(self, request: Any, _context: Any) -> dict[str, Any]:
        pair = request.json()['keypair']
        self.keys[pair['name']] = pair['public_key']
        self.web.delete(f'{KEYS}/{pair["name"]}', status_code=204)
        return {'keypair': pair}

    def test_a_key_is_made_and_deleted(self) -> None:
        with knock.keypair(self.connection) as name:
            self.assertIn(name, self.keys)
            self.assertEqual([], self.sent('DELETE'))
        self.assertEqual(1, len(self.sent('DELETE', name)))

    def test_it_is_deleted_whatever_happens(self) -> None:
        def breaks() -> None:
            with knock.keypair(self.connection):
                raise RuntimeError

        self.assertRaises(RuntimeError, breaks)
        self.assertEqual(1, len(self.sent('DELETE')))

    def test_it_is_a_key_that_nobody_has_the_other_half_of(self) -> None:
        with knock.keypair(self.connection):
            (key,) = self.keys.values()
        kind, blob = key.split()
        self.assertEqual('ssh-ed25519', kind)
        # RFC 8709, 4: both parts with their length in four bytes.
        self.assertEqual(4 + 11 + 4 + 32, len(base64.b64decode(blob)))

    def test_a_nova_that_refuses_is_said(self) -> None:
        self.web.post(KEYS, status_code=403, json={})

        def refused() -> None:
            with knock.keypair(self.connection):
                pass

        self.assertRaises(errors.CloudRefused, refused)
