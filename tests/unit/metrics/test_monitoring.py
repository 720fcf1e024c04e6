# SPDX-License-Identifier: Apache-2.0
"""The alerts and the dashboard ask for what there is, and can be followed."""

import argparse
import contextlib
from importlib import metadata
import io
import json
import pathlib
import re
import shlex
from typing import Any

from oslotest import base
import yaml

from patrii_billing.cmd import manage
from tests.unit.metrics import told
from tests.unit import stories

ROOT = pathlib.Path(__file__).resolve().parents[3]
RULES = ROOT / 'etc/prometheus/patrii_billing.rules.yml'
DASHBOARD = ROOT / 'etc/grafana/patrii_billing.json'
RUNBOOK = ROOT / 'doc/source/admin/alerts.rst'
_METRIC = re.compile(r'\bpatrii_billing_\w+')
# What a reader puts in the place of a word.
_GIVEN = {'ID': '1', 'MOMENT': '2026-02-10'}


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())['groups']
    return list(group['rules'])


def panels() -> list[dict[str, Any]]:
    found = json.loads(DASHBOARD.read_text())['panels']
    return [panel for panel in found if panel['type'] != 'row']


def expressions() -> list[str]:
    """Of the dashboard, with any job."""
    return [
        target['expr'].replace('$job', '.*')
        for panel in panels()
        for target in panel['targets']
    ]


def exported() -> set[str]:
    story = stories.Story(stories.text()).play('01-31')
    text = told.text(story.world.tools)
    return set(re.findall(r'^# TYPE (\w+)', text, re.M))


class AlertsTest(base.BaseTestCase):
    def test_each_says_what_it_means_and_where_to_look(self) -> None:
        for alert in alerts():
            said = alert['annotations']
            self.assertEqual(
                {'summary', 'description', 'command', 'runbook'},
                said.keys(),
                alert['alert'],
            )
            self.assertIn(
                alert['labels']['severity'], ('critical', 'warning', 'info')
            )
            self.assertFalse(said['summary'].endswith('.'), said['summary'])

    def test_each_has_its_part_of_the_runbook_under_its_own_name(self) -> None:
        titles = re.findall(
            r'^(PatriiBilling\w+)\n-+$', RUNBOOK.read_text(), re.M
        )

        names = [alert['alert'] for alert in alerts()]
        self.assertEqual(sorted(names), sorted(titles))
        self.assertEqual(
            names, [alert['annotations']['runbook'] for alert in alerts()]
        )

    def test_each_command_that_is_named_is_one(self) -> None:
        for alert in alerts():
            words = shlex.split(alert['annotations']['command'])
            self.assertEqual('', refusal(words), words)

    def test_each_command_of_the_runbook_is_one(self) -> None:
        text = ' '.join(RUNBOOK.read_text().split())
        found = re.findall(
            r'``((?:openstack|patrii-billing-\w+) [^`]+)``', text
        )

        self.assertGreater(len(found), 20)
        for command in found:
            words = [_GIVEN.get(word, word) for word in command.split()]
            self.assertEqual('', refusal(words), command)

    def test_a_command_that_is_none_would_be_noticed(self) -> None:
        self.assertIn('blue', refusal(
            ['openstack', 'billing', 'action', 'list', '--state', 'blue']
        ))  # fmt: skip


class NamesTest(base.BaseTestCase):
    def test_what_alerts_and_dashboard_ask_for_is_exported(self) -> None:
        asked = _METRIC.findall(
            ' '.join([*(one['expr'] for one in alerts()), *expressions()])
        )

        self.assertEqual(set(), set(asked) - exported())

    def test_what_is_exported_is_looked_at(self) -> None:
        text = RULES.read_text() + DASHBOARD.read_text()
        unseen = exported() - set(_METRIC.findall(text))

        # How many there are is on the pages.
        self.assertEqual(
            {
                'patrii_billing_accounts',
                'patrii_billing_invoices_open',
                'patrii_billing_ladder_steps_late',
            },
            unseen,
        )


class DashboardTest(base.BaseTestCase):
    def test_each_panel_says_what_it_shows(self) -> None:
        for panel in panels():
            self.assertTrue(panel['description'].endswith('.'), panel['title'])
            self.assertEqual(
                '${datasource}', panel['datasource']['uid'], panel['title']
            )

    def test_no_panel_lies_over_another(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(DASHBOARD.read_text())['panels']:
            at = panel['gridPos']
            cells = {
                (x, y)
                for x in range(at['x'], at['x'] + at['w'])
                for y in range(at['y'], at['y'] + at['h'])
            }
            self.assertEqual(set(), taken & cells, panel['title'])
            self.assertLessEqual(at['x'] + at['w'], 24)
            taken |= cells


def refusal(words: list[str]) -> str:
    """What a program says against a command line; nothing if it would run."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        match words:
            case ['openstack', *rest]:
                parser, rest = _client(rest)
                parser.parse_args(rest)
            case ['patrii-billing-manage', *rest]:
                manage.parser().parse_args(rest)
    return said.getvalue()


def _client(words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    points = metadata.entry_points(group='openstack.billing.v1')
    (found,) = [
        point
        for point in points
        if words[: point.name.count('_') + 1] == point.name.split('_')
    ]
    command = found.load()(None, None)
    return command.get_parser('x'), words[found.name.count('_') + 1 :]
