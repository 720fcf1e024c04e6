# SPDX-License-Identifier: Apache-2.0
"""The mail servers that tools/mailserver.py runs, as tests use them.

Addresses decide what becomes of a mail, each as real postfix does it:

========================  ===============================================
anybody@people.example    delivered into the mailbox `anybody`
nobody...@people.example  refused at the door: 550 5.1.1, unknown
anybody@gone.example      taken, and bounced at once to the envelope's
                          sender: a DSN with 5.1.1
anybody@full.example      taken, kept and tried again (4.2.2); after a
                          second the sender is told by a DSN "delayed"
anybody@cloud.example     our own people: operators and bounces
========================  ===============================================

`anybody+anything` is the same mailbox. Whoever logs in, by SMTP or IMAP,
gives the name of the mailbox and the password `secret`.
"""

from collections.abc import Callable
import email
import email.message
import email.policy
import fcntl
import json
import os
import pathlib
import time
from typing import Any
import uuid

from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import opts
from patrii_billing.mail import voice
from patrii_billing import wiring
from tests import services

PATIENCE = 20
# Long enough for what was taken to be delivered, if it should not be there.
MOMENT = 0.2


class Postfix:
    """One for all tests; what is one test's alone bears its own names."""

    def __init__(self) -> None:
        self._folder = pathlib.Path(services.mail_folder())
        ports = (self._folder / 'ports.json').read_text()
        self._ports: dict[str, int] = json.loads(ports)
        # For `localhost`, not for 127.0.0.1; nobody else vouches for it.
        self.cafile = str(self._folder / 'certificate.pem')

    def port(self, name: str) -> int:
        """The port by its name.

        `smtp` offers STARTTLS, `plain` does not; `smtps` and `imaps` are
        encrypted from the first byte, `submission` asks for a login; `late`
        takes a mail and answers two seconds later, `mute` greets as late.
        """
        return self._ports[name]

    def folder(self, mailbox: str) -> pathlib.Path:
        """Its maildir."""
        return self._folder / 'mail' / mailbox

    def mails(self, mailbox: str) -> list[email.message.EmailMessage]:
        """What has arrived, in that order."""
        found = [
            path
            for state in ('new', 'cur')
            for path in self.folder(mailbox).glob(f'{state}/*')
        ]
        return [
            email.message_from_bytes(
                path.read_bytes(),
                policy=email.policy.default,  # type: ignore[arg-type]
            )
            for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)
        ]

    def answer(self, address: str, answer: str = '') -> None:
        """From now on answer so to RCPT of the address; empty is as usual."""
        path = self._folder / 'access'
        with self._folder.joinpath('access.lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = [
                line
                for line in path.read_text().splitlines()
                if line.partition(' ')[0] != address
            ]
            if answer:
                lines.append(f'{address} {answer}')
            new = path.with_suffix('.new')
            new.write_text(''.join(f'{line}\n' for line in lines))
            # Postfix waits while a table looks as if it were being written.
            os.utime(new, (0, 0))
            new.rename(path)


class MailTestCase(base.BaseTestCase):
    """Each test has people, operators and a box for bounces of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.postfix = Postfix()
        self._suffix = uuid.uuid4().hex[:8]
        self.jane = self.person('jane')
        self.operators = self.called('operators')
        self.bounces = self.called('bounces')

    def called(self, name: str) -> str:
        """The name of a mailbox that only this test has."""
        return f'{name}-{self._suffix}'

    def person(self, name: str, domain: str = 'people.example') -> str:
        return f'{self.called(name)}@{domain}'

    def voice(self, port: str | int = 'smtp', **given: Any) -> voice.Voice:
        """The service's own voice, by options of the section [mail]."""
        return wiring.voice(self.configured(port, **given))

    def configured(
        self, port: str | int = 'smtp', **given: Any
    ) -> cfg.ConfigOpts:
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([], default_config_files=[])
        number = port if isinstance(port, int) else self.postfix.port(port)
        options = {
            'smtp_host': 'localhost',
            'smtp_port': number,
            'timeout': 10,
            'sender': 'Acme Cloud <billing@cloud.example>',
            'envelope_from': f'{self.bounces}@cloud.example',
            'operators': [f'{self.operators}@cloud.example'],
            'brand_name': 'Acme Cloud',
            'message_domain': 'cloud.example',
            'pay_url': 'https://cloud.example/pay',
            'support': 'support@cloud.example',
            **given,
        }
        for name, value in options.items():
            conf.set_override(name, value, group='mail')
        return conf

    def arrived(
        self,
        mailbox: str,
        count: int = 1,
        wanted: Callable[[email.message.EmailMessage], bool] = lambda _: True,
    ) -> list[email.message.EmailMessage]:
        """Wait until so many mails are in a mailbox, or fail; the mails."""
        patience = MOMENT if count == 0 else PATIENCE
        until = time.monotonic() + patience
        while True:
            mails = list(filter(wanted, self.postfix.mails(mailbox)))
            if len(mails) >= max(count, 1) or time.monotonic() > until:
                break
            time.sleep(0.02)
        self.assertEqual(count, len(mails), f'mails to {mailbox}')
        return mails
