# SPDX-License-Identifier: Apache-2.0
"""No secret stands in a log, at any level, nor in what Python shows of us.

Each way to the outside is tried with secrets that are known here, and fails:
that is when most is logged.
"""

import base64
from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import datetime as dt
import io
import logging
import pathlib
import traceback
from typing import Any

import fixtures
from oslo_config import cfg
from oslo_log import log
from oslotest import base
from werkzeug import test as http

from patrii_billing.conf import opts
from patrii_billing.domain import events
from patrii_billing.domain import signature
from patrii_billing import errors
from patrii_billing import frontage
from patrii_billing.intake import listener
from patrii_billing import wiring
from tests.unit.mail import samples

_WEBHOOK = base64.b64encode(b'the-secret-of-a-webhook-out-').decode()
_GATEWAY = base64.b64encode(b'the-secret-of-a-webhook-in--').decode()
# By what they let in; each is looked for as it is, and its beginning too.
SECRETS = {
    'database': 'dbsecret-7Hq2', 'broker': 'mqsecret-9Kd4',
    'keystone': 'kssecret-3Lp8', 'smtp': 'smtpsecret-5Tz1',
    'imap': 'imapsecret-8Rw6', 'pages': 'websecret-2Yx9',
    'ceilometer': 'cmsecret-4Vb7', 'webhook': _WEBHOOK, 'gateway': _GATEWAY,
    'token': 'tokensecret-6Nm3', 'person': 'loginsecret-1Js5',
    'key_out': 'the-secret-of-a-webhook-out-',
    'key_in': 'the-secret-of-a-webhook-in--',
}  # fmt: skip
# Nobody listens on port 1 of this host.
CONFIG = """
[DEFAULT]
debug = true
log_options = true
transport_url = rabbit://billing:{broker}@127.0.0.1:1/
[database]
connection = mysql+pymysql://billing:{database}@127.0.0.1:1/billing
max_retries = 1
retry_interval = 0
connection_debug = 100
[oslo_messaging_rabbit]
rabbit_retry_interval = 1
[nova]
auth_type = password
auth_url = http://127.0.0.1:1/v3
username = billing
password = {keystone}
project_name = service
user_domain_name = Default
project_domain_name = Default
[mail]
smtp_host = 127.0.0.1
smtp_port = 1
smtp_user = billing
smtp_password = {smtp}
sender = billing@example.org
operators = ops@example.org
[bounces]
driver = imap
imap_host = 127.0.0.1
imap_port = 1
imap_user = billing
imap_password = {imap}
[web]
secret = {pages}
[ceilometer]
enabled = true
secret = {ceilometer}
[events]
notify = true
[webhooks]
endpoints = erp
sources = gateway
[webhook:erp]
url = https://127.0.0.1:1/hook
secrets = whsec_{webhook}
[webhook_source:gateway]
secrets = whsec_{gateway}
"""


class SecretsTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        file = folder / 'billing.conf'
        file.write_text(CONFIG.format(**SECRETS))
        self.conf = opts.load(['--config-file', str(file)])
        self.said = io.StringIO()
        handler = logging.StreamHandler(self.said)
        handler.setFormatter(log.formatters.ContextFormatter())
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        self.addCleanup(root.setLevel, level)
        self.addCleanup(root.removeHandler, handler)

    def check_nothing_is_told(self, at_least: str) -> None:
        said = self.said.getvalue()
        self.assertIn(at_least, said)
        told = [name for name, one in SECRETS.items() if one in said]
        self.assertEqual([], told)

    def fails(self, work: Callable[[], Any]) -> None:
        """It ends in an error, which is logged with all that led to it."""
        try:
            work()
        except Exception:
            logging.getLogger('test').exception('it failed')
            self.said.write(traceback.format_exc())
        else:
            self.fail('it succeeded')


class LogsTest(SecretsTestCase):
    def test_the_options_are_logged_without_them(self) -> None:
        self.conf.log_opt_values(logging.getLogger('test'), logging.DEBUG)
        self.said.write(wiring.described(self.conf))

        self.check_nothing_is_told('smtp_password')

    def test_a_database_that_is_away(self) -> None:
        self.fails(lambda: wiring.check_schema(self.conf))

        self.check_nothing_is_told('127.0.0.1')

    def test_a_cloud_that_is_away(self) -> None:
        cloud = wiring.cloud(self.conf)
        for work in (
            lambda: cloud.servers.get('a-server'),
            lambda: list(cloud.servers.pages(None)),
            lambda: cloud.quotas.get('a-project'),
        ):
            self.fails(work)

        self.check_nothing_is_told('127.0.0.1')

    def test_a_broker_that_is_away(self) -> None:
        told = wiring.listeners(self.conf)
        event = events.Event(
            'evt-1', 'billing.invoice.issued', dt.datetime.now(dt.UTC),
            '{}',
        )  # fmt: skip
        for one in told.values():
            self.fails(lambda one=one: one.publisher.publish(event))
        self.said.write(listener.described(self.conf))

        self.check_nothing_is_told('127.0.0.1')

    def test_a_mail_server_that_is_away(self) -> None:
        voice = wiring.voice(self.conf)
        letter = samples.written(samples.minimal('operator'))
        self.fails(lambda: voice.send(letter))
        mailbox = wiring.returns(self.conf)
        self.fails(lambda: mailbox.read(lambda letter: None, 10))

        self.check_nothing_is_told('refused')

    def test_a_login_at_the_pages(self) -> None:
        self.conf.set_override('secure_cookies', False, group='web')
        pages = http.Client(_mounted(frontage.window(self.conf, None)))
        form = pages.get('/ui/login').text
        token = form.partition('name="csrf_token" value="')[2].partition('"')
        answer = pages.post(
            '/ui/login', data={
                'csrf_token': token[0], 'user': 'ada',
                'password': SECRETS['person'],
            },
        )  # fmt: skip

        self.assertEqual(503, answer.status_code)
        self.assertNotIn(SECRETS['person'], answer.text)
        self.check_nothing_is_told('127.0.0.1')

    def test_a_token_of_keystone(self) -> None:
        answer = http.Client(frontage.api(self.conf)).get(
            '/v1/accounts', headers={'X-Auth-Token': SECRETS['token']}
        )

        self.assertEqual(401, answer.status_code)
        self.said.write('asked')
        self.check_nothing_is_told('asked')

    def test_a_signature_that_is_wrong(self) -> None:
        (source,) = wiring.sources(self.conf).values()
        now = dt.datetime.now(dt.UTC)
        sent = str(int(now.timestamp()))
        message = signature.Message('1', sent, 'v1,x', b'')
        self.fails(
            lambda: signature.verify(source.keys, message, now, _MINUTE)
        )
        self.said.write(repr(source))

        self.check_nothing_is_told('gateway')


class ShownTest(SecretsTestCase):
    def test_what_is_built_shows_none_of_them(self) -> None:
        built = (
            wiring.cloud(self.conf), wiring.voice(self.conf),
            wiring.returns(self.conf), wiring.sources(self.conf),
            wiring.listeners(self.conf), listener.source(self.conf),
            frontage.window(self.conf, None),
        )  # fmt: skip
        seen = 0
        for each in _parts(built):
            self.said.write(repr(each))
            seen += 1

        self.assertGreater(seen, 20)
        self.check_nothing_is_told('gateway')

    def test_what_is_wrong_with_a_secret_does_not_repeat_it(self) -> None:
        for text in (SECRETS['webhook'], 'whsec_' + SECRETS['pages']):
            try:
                signature.secret(text)
            except errors.InvalidInput as error:
                self.said.write(f'refused: {error} {error!r}')

        self.check_nothing_is_told('refused')


_MINUTE = dt.timedelta(minutes=1)


def _mounted(application: Any) -> Any:
    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        environ['SCRIPT_NAME'] = '/ui'
        environ['PATH_INFO'] = environ['PATH_INFO'].removeprefix('/ui')
        return application(environ, start_response)

    return mounted


def _parts(built: Any) -> Iterator[Any]:
    """All of ours that can be reached from what was built."""
    seen: set[int] = set()
    waiting = [built]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, cfg.ConfigOpts):
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
        elif type(one).__module__.startswith('patrii_billing'):
            yield one
            names: list[str] = []
            with contextlib.suppress(TypeError):
                names = [each.name for each in dataclasses.fields(one)]
            waiting += [getattr(one, name) for name in names]
            waiting += getattr(one, '__dict__', {}).values()
