# SPDX-License-Identifier: Apache-2.0
"""Signatures of webhooks, held against the scheme's own library."""

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
import standardwebhooks

from patrii_billing.domain import signature
from patrii_billing import errors
from tests.unit.domain import refusing

KEY = b'0123456789abcdef0123456789abcdef'
OTHER = KEY[::-1]
SECRET = signature.PREFIX + base64.b64encode(KEY).decode()
NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
TOLERANCE = dt.timedelta(minutes=5)


def message(
    *keys: bytes,
    at: dt.datetime = NOW,
    id_: str = 'msg_1',
    body: bytes = b'{}',
) -> signature.Message:
    sent = signature.headers(keys or (KEY,), id_, at, body)
    return signature.Message(
        sent['webhook-id'], sent['webhook-timestamp'],
        sent['webhook-signature'], body,
    )  # fmt: skip


class SecretTest(base.BaseTestCase):
    def test_what_is_no_secret_is_told_without_repeating_it(self) -> None:
        for text, words in (
            ('hunter2', 'must begin with whsec_'),
            ('whsec_*', 'is not base64'),
            (SECRET[:10] + '!' + SECRET[10:], 'is not base64'),
            (written(23), 'must be of 24 to 64 bytes'),
            (written(65), 'must be of 24 to 64 bytes'),
        ):
            told = refusing.told(signature.secret, text)
            self.assertEqual(f'secret: {words}', told)
            told = refusing.told(signature.secret, text, '[webhooks] key')
            self.assertEqual(f'[webhooks] key: {words}', told)

    def test_a_key_has_from_24_to_64_bytes(self) -> None:
        for length in (24, 64):
            self.assertEqual(b'k' * length, signature.secret(written(length)))


def written(length: int) -> str:
    return signature.PREFIX + base64.b64encode(b'k' * length).decode()


class SignatureTest(base.BaseTestCase):
    def refusal(self, message: signature.Message) -> str:
        error = self.assertRaises(
            errors.Unauthentic, signature.verify, (KEY,), message, NOW,
            TOLERANCE,
        )  # fmt: skip
        return str(error)

    def verify(self, message: signature.Message, *keys: bytes) -> None:
        signature.verify(keys or (KEY,), message, NOW, TOLERANCE)

    def test_why_it_is_not_believed_is_told_in_words(self) -> None:
        whole = message()
        late = NOW - TOLERANCE - dt.timedelta(seconds=1)
        for given_, words in (
            (dataclasses.replace(whole, id=''),
             'webhook-id, webhook-timestamp or webhook-signature is missing'),
            (message(id_='a.b'), 'webhook-id is not one'),
            (message(id_='a' * 256), 'webhook-id is not one'),
            (message(OTHER), 'no signature fits'),
            (dataclasses.replace(whole, signature='\udc80'),
             'no signature fits'),
            (dataclasses.replace(whole, id='\udc80'), 'no signature fits'),
            (message(at=late),
             'webhook-timestamp is not of these minutes: sent again by '
             'somebody else, or a clock is wrong'),
        ):  # fmt: skip
            self.assertEqual(words, self.refusal(given_))
        signed = signature._sign(KEY, 'msg_1', 'now', b'{}')
        self.assertEqual(
            'webhook-timestamp is not one',
            self.refusal(signature.Message('msg_1', 'now', signed, b'{}')),
        )

    def test_an_id_may_have_255_letters(self) -> None:
        self.verify(message(id_='a' * 255))

    @given(st.text(max_size=40))
    def test_what_we_sign_the_schemes_library_signs_alike(
        self, text: str
    ) -> None:
        theirs = standardwebhooks.Webhook(SECRET)

        self.assertEqual(
            theirs.sign('msg_1', NOW, text),
            signature.sign(KEY, 'msg_1', NOW, text.encode()),
        )

    def test_what_we_sign_the_schemes_library_takes(self) -> None:
        now = dt.datetime.now(dt.UTC)
        sent = signature.headers((OTHER, KEY), 'msg_1', now, b'{"a": 1}')

        read = standardwebhooks.Webhook(SECRET).verify(b'{"a": 1}', sent)
        self.assertEqual({'a': 1}, read)

    def test_what_is_signed_by_one_of_our_keys_is_taken(self) -> None:
        self.verify(message(KEY))
        self.verify(message(OTHER), KEY, OTHER)
        self.verify(message(OTHER, KEY), KEY)

    def test_what_another_signed_is_refused(self) -> None:
        self.assertIn('no signature fits', self.refusal(message(OTHER)))

    def test_what_was_changed_on_its_way_is_refused(self) -> None:
        sent = message()
        for change in (
            {'body': b'{"amount": "1000000.00"}'},
            {'id': 'msg_2'},
            {'timestamp': str(int(NOW.timestamp()) + 1)},
        ):
            changed = dataclasses.replace(sent, **change)
            self.assertIn('no signature fits', self.refusal(changed))

    def test_what_was_sent_long_ago_or_is_of_tomorrow_is_refused(
        self,
    ) -> None:
        for apart in (-301, 301):
            at = NOW + dt.timedelta(seconds=apart)
            self.assertIn('timestamp', self.refusal(message(at=at)))
        self.verify(message(at=NOW - TOLERANCE))

    def test_what_is_missing_is_refused(self) -> None:
        for part in ('id', 'timestamp', 'signature'):
            lacking = dataclasses.replace(message(), **{part: ''})
            self.assertIn('missing', self.refusal(lacking))

    def test_an_id_cannot_pass_for_part_of_another_message(self) -> None:
        self.assertIn('webhook-id', self.refusal(message(id_='msg.1')))

    def test_signed_garbage_for_a_time_is_refused(self) -> None:
        for timestamp in ('soon', '1e9', '-5', '١٢٣', '9' * 400):
            sent = signature.Message('msg_1', timestamp, '', b'')
            signed = signature._sign(KEY, 'msg_1', timestamp, b'')
            self.refusal(dataclasses.replace(sent, signature=signed))

    @given(st.text(max_size=60))
    def test_no_header_whatever_is_an_error_of_ours(self, text: str) -> None:
        self.refusal(dataclasses.replace(message(), signature=text))

    def test_a_secret_is_whsec_and_base64_of_enough_bytes(self) -> None:
        self.assertEqual(KEY, signature.secret(SECRET))
        for wrong in (
            'hunter2', 'whsec_', 'whsec_???', SECRET[:20],
            signature.PREFIX + base64.b64encode(b'x' * 65).decode(),
        ):  # fmt: skip
            self.assertRaises(errors.InvalidInput, signature.secret, wrong)


class StripeTest(base.BaseTestCase):
    """What Stripe sends: an instant and signatures in one header."""

    SECRET = 'whsec_012345678901234567'
    SCHEME = signature.Scheme.STRIPE

    def key(self, text: str) -> bytes:
        return signature.secret(text, '[stripe] secret', self.SCHEME)

    def sent(self, at: dt.datetime = NOW, body: bytes = b'{}') -> str:
        """As Stripe's own documentation has it."""
        seconds = str(int(at.timestamp()))
        signed = f'{seconds}.'.encode() + body
        digest = hmac.new(self.SECRET.encode(), signed, hashlib.sha256)
        return f't={seconds},v1={digest.hexdigest()}'

    def read(self, header: str, body: bytes = b'{}') -> signature.Message:
        return signature.message(
            self.SCHEME, {'stripe-signature': header}, body
        )

    def verify(self, header: str, body: bytes = b'{}') -> None:
        signature.verify(
            [self.key(self.SECRET)], self.read(header, body), NOW, TOLERANCE,
            self.SCHEME,
        )  # fmt: skip

    def refusal(self, header: str) -> str:
        return str(
            self.assertRaises(errors.Unauthentic, self.verify, header)
        )

    def test_its_key_is_the_text_itself(self) -> None:
        self.assertEqual(self.SECRET.encode(), self.key(self.SECRET))
        for text in ('x' * 23, 'é' * 24, 'with a blank in some place'):
            self.assertEqual(
                '[stripe] secret: must be of 24 characters or more',
                refusing.told(self.key, text),
            )

    def test_what_it_signed_is_taken(self) -> None:
        for body in (b'{}', b'\xff{"a": 1}'):
            self.verify(self.sent(body=body), body)

    def test_one_signature_of_several_is_enough(self) -> None:
        told, right = self.sent().split(',')
        for header in (
            f'{told},v1=00,{right}',
            f' {right} , v0=00 , {told} ',
            f'{told},{right},{told}',
        ):
            self.verify(header)
        self.assertEqual(
            signature.Message('', '7', '00 11', b'{}'),
            self.read('t=7,v1=00,v0=22,v1=11'),
        )

    def test_a_value_may_hold_an_equals_sign(self) -> None:
        self.assertEqual('a=b', self.read('t=7,v1=a=b').signature)

    def test_what_lacks_a_part_or_has_two_times_is_refused(self) -> None:
        told, right = self.sent().split(',')
        lacking = 'stripe-signature is missing, or has not one t and a v1'
        for header in (
            '', told, right, f'{told},t=7,{right}', f'{told},v0=00',
        ):  # fmt: skip
            self.assertEqual(lacking, self.refusal(header))
        self.assertEqual(
            signature.Message('', '', '', b'{}'),
            signature.message(self.SCHEME, {}, b'{}'),
        )

    def test_what_is_wrong_is_told_in_words(self) -> None:
        late = NOW - TOLERANCE - dt.timedelta(seconds=1)
        told, right = self.sent().split(',')
        for header, words in (
            (f'{told},v1=00', 'no signature fits'),
            (f't=7,{right}', 'no signature fits'),
            (self.sent(at=late),
             't of stripe-signature is not of these minutes: sent again by '
             'somebody else, or a clock is wrong'),
        ):  # fmt: skip
            self.assertEqual(words, self.refusal(header))
        digest = hmac.new(self.SECRET.encode(), b'now.{}', hashlib.sha256)
        self.assertEqual(
            't of stripe-signature is not one',
            self.refusal(f't=now,v1={digest.hexdigest()}'),
        )

    def test_of_a_header_no_more_is_read_than_a_sender_needs(self) -> None:
        told, right = self.sent().split(',')
        room = 4096 - len(f'{told},,{right}')
        self.verify(f'{told},{"x" * room},{right}')
        self.assertEqual(
            'no signature fits',
            self.refusal(f'{told},{"x" * (room + 1)},{right}'),
        )


class HeadersTest(base.BaseTestCase):
    def test_a_message_is_read_from_its_headers(self) -> None:
        sent = signature.headers((KEY,), 'msg_1', NOW, b'{}')
        self.assertEqual(
            message(),
            signature.message(signature.Scheme.STANDARD, sent, b'{}'),
        )
        self.assertEqual(
            signature.Message('', '', '', b'{}'),
            signature.message(signature.Scheme.STANDARD, {}, b'{}'),
        )
