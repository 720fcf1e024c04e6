# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus reads the figures, and its alerts come when they should.

Each story of an alert begins with the figures of an installation that is well,
as the exporter tells them, on two hosts.
"""

import functools
import json
import pathlib
import socket
import subprocess
import time
from typing import Any
from urllib import error
from urllib import parse
from urllib import request

import fixtures
from oslotest import base
from prometheus_client import parser
import yaml

from patrii_billing.metrics import exporter
from patrii_billing.metrics import family
from tests.unit.metrics import test_monitoring as files
from tests.unit.metrics import told
from tests.unit import stories

_MINUTES = 1500
# Beyond so many all that comes is told in one story, or it would take long.
_LONG = 200
_PATIENCE = 30
# What befalls an installation, by the alert that comes of it: figures that
# are other than when all is well, from the first minute on. The last number
# is the first minute with the alert.
_DAY = 1440
_MORE_LATER = f'0x{_DAY} 1x{_MINUTES - _DAY}'
BEFALLS: dict[str, tuple[dict[str, str | None], int]] = {
    'Absent': ({'build_info{version="1.2.3"}': None}, 10),
    'DatabaseAway': ({'up': '0'}, 3),
    'EngineStill': ({'last_tick_timestamp_seconds': '0'}, 8),
    'WorkLate': ({'work_lateness_seconds{work="charge"}': '1801'}, 10),
    'LadderLate': (
        {'ladder_lateness_seconds{step="warn"}': '86401'}, 30
    ),
    'RestoreLate': (
        {'action_oldest_age_seconds{type="restore"}': '901'}, 5
    ),
    'RestoreFails': ({'actions_stuck{type="restore"}': '1'}, 0),
    'ActionsStuck': ({'actions_stuck{type="shelve"}': '1'}, 15),
    'ActionsFailed': (
        {'actions_failed{type="quota_change"}': _MORE_LATER}, _DAY + 1
    ),
    'ActionsUnapproved': (
        {'actions_unapproved{type="delete"}': '3'}, _DAY
    ),
    'SafeMode': ({'enforcement_safe_mode': '1'}, 0),
    'Stopped': ({'enforcement_stopped': '1'}, 0),
    'DryRun': ({'enforcement_dry_run': '1'}, _DAY),
    'CapNear': (
        {'cap_used{cap="delete actions within an hour",type="delete"}': '9'},
        0,
    ),
    # Half of a day, and the hour that it may be quiet beyond.
    'NotificationsSilent': (
        {'last_notification_timestamp_seconds': '0'}, 721 + 60
    ),
    'InboxOld': ({'inbox_oldest_age_seconds{source="nova"}': '901'}, 2),
    'ProcessorStill': (
        {
            'worker_last_sign_timestamp_seconds{worker="processor"}': '0',
            'inbox_oldest_age_seconds{source="nova"}': '601',
        },
        11 + 2,
    ),
    'SamplesUnread': (
        {'inbox_oldest_age_seconds{source="ceilometer"}': '7201'}, 10
    ),
    'MessagesParked': ({'inbox_parked': '1'}, 15),
    'ReconcileStale': (
        {'last_reconcile_timestamp_seconds': '0'}, 91 + 5
    ),
    'QuotaDrift': ({'quota_drift_projects': '1'}, 120),
    'AccountsParked': ({'accounts_parked': '1'}, 15),
    'MailServerAway': ({'mail_server_away_seconds': '901'}, 0),
    'MailsLate': ({'notice_oldest_age_seconds': '14401'}, 10),
    'MailsRefused': (
        {
            'mail_attempts{result="accepted"}': '40',
            'mail_attempts{result="deferred"}': '6',
            'mail_attempts{result="refused"}': '6',
        },
        10,
    ),
    'MailsLost': (
        {'notices_undelivered{state="unknown"}': _MORE_LATER}, _DAY + 1
    ),
    'BouncesUnread': (
        {'last_bounces_read_timestamp_seconds': '0'}, 181 + 5
    ),
    'ManyInGrace': (
        {
            'subscriptions{billing_status="grace"}':
                f'20x{_DAY} 41x{_MINUTES - _DAY}'
        },
        _DAY + 1 + 30,
    ),
    'PaymentsUnmatched': ({'payments_unmatched{currency="EUR"}': '1'}, _DAY),
    'ReceiptsParked': ({'receipts_waiting{state="parked"}': '1'}, 15),
    'ListenerFails': ({'listener_failures{listener="erp"}': '5'}, 15),
    'EventsDead': (
        {'deliveries_dead{listener="erp"}': _MORE_LATER}, _DAY + 1
    ),
    'BridgeUnread': (
        {'bridge_last_read_timestamp_seconds{bridge="lynx"}': '0'}, 16 + 5
    ),
    'BridgeRecordsWait': (
        {
            'bridge_records_waiting{bridge="lynx",kind="contract"}':
                _MORE_LATER
        },
        _DAY + 1,
    ),
}  # fmt: skip


def run(*words: str | pathlib.Path) -> str:
    """What a program says; it must not fail."""
    done = subprocess.run(
        words, capture_output=True, check=False, text=True, timeout=60
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


@functools.cache
def well() -> dict[str, str]:
    """The figures of an installation that is well, by series."""
    story = stories.Story(stories.text()).play('01-31')
    text = told.text(story.world.tools)
    found = {}
    for each in parser.text_string_to_metric_families(text):
        for sample in each.samples:
            of = ','.join(f'{k}="{v}"' for k, v in sample.labels.items())
            name = sample.name.removeprefix(family.PREFIX)
            found[f'{name}{{{of}}}' if of else name] = str(int(sample.value))
    # What these books do not have.
    found |= {
        'tolerated_age_seconds{of="notification"}': '86400',
        'tolerated_age_seconds{of="reconcile"}': '10800',
        'tolerated_age_seconds{of="bounces_read"}': '21600',
        'deliveries_dead{listener="erp"}': '0',
        'listener_failures{listener="erp"}': '0',
        'tolerated_age_seconds{of="bridge"}': '1800',
        'bridge_failures{bridge="lynx"}': '0',
        'bridge_records_waiting{bridge="lynx",kind="contract"}': '0',
        'bridge_records_waiting{bridge="lynx",kind="customer"}': '9',
    }
    signs = ('tick', 'notification', 'reconcile', 'bounces_read')
    for stamp in (
        *(f'last_{sign}_timestamp_seconds' for sign in signs),
        'worker_last_sign_timestamp_seconds{worker="processor"}',
        'bridge_last_read_timestamp_seconds{bridge="lynx"}',
    ):
        # Each minute anew, by a clock that began with the story.
        found[stamp] = f'0+60x{_MINUTES}'
    return found


def told_on(host: str, befalls: dict[str, str | None]) -> list[dict[str, str]]:
    found = {**well(), **befalls}
    return [
        {'series': _series(key, host), 'values': _values(value)}
        for key, value in found.items()
        if value is not None
    ]


def _series(key: str, host: str) -> str:
    name, _, labels = key.partition('{')
    of = [f'job="billing",instance="{host}"', labels.rstrip('}')]
    return f'{family.PREFIX}{name}{{{",".join(filter(None, of))}}}'


def _values(value: str) -> str:
    return value if 'x' in value else f'{value}x{_MINUTES}'


class RulesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def expected(
        self, befalls: dict[str, str | None], *at: tuple[int, list[str]]
    ) -> dict[str, Any]:
        """A story of promtool: which alerts there are at some minutes."""
        hosts = [told_on(host, befalls) for host in ('one', 'two')]
        return {
            'interval': '1m',
            'input_series': [series for host in hosts for series in host],
            'promql_expr_test': [
                {
                    'expr': 'group by (alertname) '
                    '(ALERTS{alertstate="firing"})',
                    'eval_time': f'{minute}m',
                    'exp_samples': [
                        {'labels': f'{{alertname="{name}"}}', 'value': 1}
                        for name in names
                    ],
                }
                for minute, names in at
            ],
        }

    def check(self, *tests: dict[str, Any]) -> None:
        path = self.folder / 'tests.yml'
        path.write_text(
            yaml.safe_dump(
                {
                    'rule_files': [str(files.RULES)],
                    'evaluation_interval': '1m',
                    'tests': list(tests),
                }
            )
        )
        run('promtool', 'test', 'rules', path)

    def test_no_alert_comes_while_all_is_well(self) -> None:
        story = self.expected({}, (30, []), (120, []))
        for look in story['promql_expr_test']:
            look['expr'] = 'ALERTS'  # nor is any about to come

        self.check(story)

    def test_each_alert_comes_alone_and_not_too_soon(self) -> None:
        self.check(*(
            self.expected(
                befalls,
                *([(first - 1, [])] if first else []),
                (first, [f'PatriiBilling{name}']),
            )
            for name, (befalls, first) in BEFALLS.items()
            if first < _LONG
        ))  # fmt: skip

    def test_those_that_wait_for_hours_come_at_their_time(self) -> None:
        waits = {k: v for k, v in BEFALLS.items() if v[1] >= _LONG}
        minutes = sorted({first for _, first in waits.values()})
        looks = [look for first in minutes for look in (first - 1, first)]

        self.check(
            self.expected(
                {k: v for each, _ in waits.values() for k, v in each.items()},
                *(
                    (
                        look,
                        [
                            f'PatriiBilling{name}'
                            for name, (_, first) in waits.items()
                            if first <= look
                        ],
                    )
                    for look in looks
                ),
            )
        )

    def test_every_alert_has_its_story(self) -> None:
        self.assertEqual(
            [f'PatriiBilling{name}' for name in sorted(BEFALLS)],
            sorted(alert['alert'] for alert in files.alerts()),
        )

    def test_a_ladder_that_was_stopped_is_not_called_late(self) -> None:
        self.check(
            self.expected(
                {
                    'ladder_lateness_seconds{step="delete"}': '864000',
                    'enforcement_stopped': '1',
                },
                (60, ['PatriiBillingStopped']),
            )
        )

    def test_mails_that_an_outage_put_off_are_not_called_refused(self) -> None:
        self.check(
            self.expected(
                {
                    'mail_attempts{result="deferred"}': '20',
                    'mail_server_away_seconds': '901',
                },
                (60, ['PatriiBillingMailServerAway']),
            )
        )

    def test_a_nova_that_never_told_anything_is_silent_too(self) -> None:
        self.check(
            self.expected(
                {'last_notification_timestamp_seconds': None},
                (62, ['PatriiBillingNotificationsSilent']),
            )
        )

    def test_an_engine_that_was_never_read_is_called_unread_too(self) -> None:
        self.check(
            self.expected(
                {
                    'bridge_last_read_timestamp_seconds{bridge="lynx"}': None,
                    'bridge_failures{bridge="lynx"}': '3',
                },
                (4, []),
                (5, ['PatriiBillingBridgeUnread']),
            )
        )

    def test_a_processor_without_work_is_not_called_still(self) -> None:
        sign = 'worker_last_sign_timestamp_seconds{worker="processor"}'

        self.check(self.expected({sign: '0'}, (60, [])))

    def test_a_host_that_is_behind_is_no_alert_of_its_own(self) -> None:
        story = self.expected({}, (60, []))
        for series in story['input_series']:
            if 'last_tick' in series['series'] and 'two' in series['series']:
                series['values'] = f'0x{_MINUTES}'

        self.check(story)


class PrometheusTest(base.BaseTestCase):
    """Prometheus itself, with our rules, asks our exporter."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        story = stories.Story(stories.text()).play('02-05')
        self.tools = story.world.tools

    def test_the_figures_are_written_as_prometheus_wants_them(self) -> None:
        done = subprocess.run(
            ['promtool', 'check', 'metrics'],
            input=told.text(self.tools), capture_output=True, check=False,
            text=True, timeout=60,
        )  # fmt: skip

        self.assertEqual((0, ''), (done.returncode, done.stderr))

    def test_it_reads_them_and_calls_and_draws_the_dashboard(self) -> None:
        running = exporter.Exporter(
            exporter.Collector(lambda: told.read(self.tools), '1.2.3', 0),
            '127.0.0.1',
            0,
        )
        address = self.prometheus(running.start())
        self.addCleanup(running.stop)

        shelved = wait_for(
            address, 'patrii_billing_subscriptions{billing_status="shelved"}'
        )
        # The story is of the past, so that nobody has ticked since.
        (called,) = wait_for(
            address,
            'ALERTS{alertname="PatriiBillingEngineStill",alertstate="firing"}',
        )

        self.assertEqual('1', shelved[0]['value'][1])
        self.assertEqual('critical', called['metric']['severity'])
        for expression in files.expressions():
            self.assertEqual('success', ask(address, expression)['status'])

    def prometheus(self, target: int) -> str:
        """Start one that asks a port every second; its address."""
        rules = files.RULES.read_text().replace('for: ', 'for: 0s #')
        (self.folder / 'rules.yml').write_text(rules)
        (self.folder / 'prometheus.yml').write_text(
            yaml.safe_dump(
                {
                    'global': {
                        'scrape_interval': '1s', 'evaluation_interval': '1s',
                    },
                    'rule_files': [str(self.folder / 'rules.yml')],
                    'scrape_configs': [
                        {
                            'job_name': 'patrii-billing',
                            'static_configs': [
                                {'targets': [f'127.0.0.1:{target}']}
                            ],
                        }
                    ],
                }
            )
        )  # fmt: skip
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                'prometheus',
                f'--config.file={self.folder / "prometheus.yml"}',
                f'--storage.tsdb.path={self.folder / "series"}',
                f'--web.listen-address=127.0.0.1:{port}',
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return f'http://127.0.0.1:{port}'


def ask(address: str, expression: str) -> dict[str, Any]:
    query = parse.urlencode({'query': expression})
    with request.urlopen(f'{address}/api/v1/query?{query}') as answer:
        return dict(json.load(answer))


def wait_for(address: str, expression: str) -> list[dict[str, Any]]:
    """What Prometheus finds, once it finds something."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            found = ask(address, expression)['data']['result']
        except error.URLError:
            found = []
        if found:
            return list(found)
        time.sleep(0.2)
    raise AssertionError(f'nothing of {expression}')
