# SPDX-License-Identifier: Apache-2.0
"""Where notifications go is heard, without taking any from a listener."""

import json
import time
from typing import Any
import uuid

from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import opts
from patrii_billing import errors
from patrii_billing.intake import probe


class TestProbe(base.BaseTestCase):
    """On a broker in memory, with an exchange of the test's own."""

    def conf(self, url: str = 'kombu+memory:///') -> cfg.ConfigOpts:
        (file,) = self.create_tempfiles(
            [('conf', f'[DEFAULT]\ntransport_url = {url}\n')]
        )
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf(['--config-file', file])
        conf.set_override('exchange', self.exchange, 'listener')
        return conf

    def setUp(self) -> None:
        super().setUp()
        self.exchange = f'nova-{uuid.uuid4().hex}'

    def open(self) -> Any:
        context = probe.opened(self.conf())
        opened = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return opened

    def publish(self, opened: probe.Probe, topic: str, word: str) -> None:
        channel = opened._broker.channel()
        body = json.dumps({'oslo.message': json.dumps({'payload': word})})
        message = channel.prepare_message(body)
        channel.basic_publish(message, self.exchange, f'{topic}.info')

    def declare(self, opened: probe.Probe) -> None:
        channel = opened._broker.channel()
        channel.exchange_declare(exchange=self.exchange, type='topic')

    def test_an_exchange_that_nobody_made_is_not_there(self) -> None:
        opened = self.open()
        self.assertFalse(opened.exchange_exists())
        self.declare(opened)
        self.assertTrue(opened.exchange_exists())

    def test_what_is_said_on_a_topic_is_heard(self) -> None:
        opened = self.open()
        self.declare(opened)
        with opened.ear() as ear:
            self.publish(opened, 'versioned', 'the word')
            self.publish(opened, 'ours', 'another')
            self.publish(opened, 'ours', 'the word')
            heard = ear.topics_of('the word', 'ours', 5)
        self.assertEqual({'versioned', 'ours'}, heard)

    def test_what_is_said_elsewhere_only_is_told(self) -> None:
        opened = self.open()
        self.declare(opened)
        with opened.ear() as ear:
            self.publish(opened, 'versioned', 'the word')
            heard = ear.topics_of('the word', 'ours', 0.2)
        self.assertEqual({'versioned'}, heard)

    def test_silence_ends_after_so_long(self) -> None:
        opened = self.open()
        self.declare(opened)
        began = time.monotonic()
        with opened.ear() as ear:
            self.assertEqual(set(), ear.topics_of('word', 'ours', 0.2))
        self.assertLess(time.monotonic() - began, 5)

    def test_a_topic_nobody_listens_to_has_no_queue(self) -> None:
        opened = self.open()
        self.declare(opened)
        self.assertIsNone(opened.listeners('ours'))

    def test_a_broker_of_another_kind_is_refused(self) -> None:
        def asked() -> None:
            with probe.opened(self.conf('fake://')):
                pass

        error = self.assertRaises(errors.InvalidInput, asked)
        self.assertIn('transport_url', str(error))

    def test_a_broker_that_is_away_is_one_line(self) -> None:
        def asked() -> None:
            with probe.opened(self.conf('rabbit://a:b@127.0.0.1:9/')):
                pass

        error = self.assertRaises(errors.InvalidInput, asked)
        self.assertIn('[DEFAULT] transport_url', str(error))
        self.assertNotIn('\n', str(error))
