#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write anew what Horizon is told of our policy, after a rule has changed.

Horizon reads rules from a file, and runs where nothing of the service does.
"""

import pathlib
from typing import Any

from oslo_policy import policy
import yaml

from patrii_billing.policies import rules

FILE = (
    pathlib.Path(__file__).resolve().parent.parent
    / 'patrii_billing' / 'horizon' / 'policy' / 'billing.yaml'
)  # fmt: skip


def main() -> None:
    told = [plain(rule) for rule in rules.list_rules()]
    FILE.write_text(yaml.safe_dump(told, sort_keys=False, width=75))


def plain(rule: policy.RuleDefault) -> dict[str, Any]:
    fields = ['name', 'check_str', 'description', 'scope_types']
    if isinstance(rule, policy.DocumentedRuleDefault):
        fields.append('operations')
    return {field: getattr(rule, field) for field in fields}


if __name__ == '__main__':
    main()
