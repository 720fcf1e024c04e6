# SPDX-License-Identifier: Apache-2.0
"""Rules and routes say the same of each other."""

import collections
import pathlib
from typing import Any

from oslo_policy import policy
from oslotest import base
import yaml

import patrii_billing
from patrii_billing.api import routes
from patrii_billing.policies import rules

HORIZON = pathlib.Path(patrii_billing.__file__).parent.joinpath(
    'horizon', 'policy', 'billing.yaml'
)


def _plain(rule: policy.RuleDefault) -> dict[str, Any]:
    """As Horizon wants it."""
    fields = ['name', 'check_str', 'description', 'scope_types']
    if isinstance(rule, policy.DocumentedRuleDefault):
        fields.append('operations')
    return {field: getattr(rule, field) for field in fields}


def _documented() -> list[policy.DocumentedRuleDefault]:
    return [
        rule
        for rule in rules.list_rules()
        if isinstance(rule, policy.DocumentedRuleDefault)
    ]


class RulesTest(base.BaseTestCase):
    def test_what_is_documented_of_a_rule_are_its_routes(self):
        said = {
            rule.name: {
                (each['method'], each['path']) for each in rule.operations
            }
            for rule in _documented()
        }
        guarded = collections.defaultdict(set)
        for route in routes.ALL:
            if route.rule is not None:
                guarded[route.rule].add((route.method, route.path))
        self.assertEqual(dict(guarded), said)

    def test_no_two_routes_share_a_rule(self):
        names = [route.rule for route in routes.ALL if route.rule is not None]
        self.assertEqual(len(set(names)), len(names))

    def test_horizon_judges_by_the_same_rules(self):
        """If not, tools/horizon_policy.py writes it anew."""
        told = yaml.safe_load(HORIZON.read_text(encoding='utf-8'))

        self.assertEqual([_plain(rule) for rule in rules.list_rules()], told)

    def test_no_two_rules_have_one_name(self):
        names = [rule.name for rule in rules.list_rules()]
        self.assertEqual(len(set(names)), len(names))

    def test_a_name_is_of_a_noun_and_a_verb(self):
        for rule in _documented():
            self.assertRegex(rule.name, '^billing:[a-z_]+:[a-z_]+$')

    def test_only_tokens_of_a_project_are_let_in(self):
        for rule in _documented():
            self.assertEqual(['project'], rule.scope_types, rule.name)

    def test_each_rule_says_in_a_sentence_what_it_allows(self):
        for rule in _documented():
            self.assertRegex(rule.description, r'^[A-Z].*\.$', rule.name)

    def test_no_rule_is_true_for_all(self):
        for rule in rules.list_rules():
            self.assertNotIn('@', rule.check_str, rule.name)
            self.assertNotEqual('', rule.check_str, rule.name)
