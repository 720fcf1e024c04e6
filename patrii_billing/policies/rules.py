# SPDX-License-Identifier: Apache-2.0
"""All rules, and what judges by them."""

from oslo_config import cfg
from oslo_policy import opts
from oslo_policy import policy

from patrii_billing.policies import account
from patrii_billing.policies import action
from patrii_billing.policies import base
from patrii_billing.policies import bridge
from patrii_billing.policies import credit
from patrii_billing.policies import enforcement
from patrii_billing.policies import event
from patrii_billing.policies import forecast
from patrii_billing.policies import hold
from patrii_billing.policies import invoice
from patrii_billing.policies import notice
from patrii_billing.policies import payment
from patrii_billing.policies import plan
from patrii_billing.policies import project
from patrii_billing.policies import quota
from patrii_billing.policies import receipt
from patrii_billing.policies import server
from patrii_billing.policies import subscription
from patrii_billing.policies import summary
from patrii_billing.policies import timeline

_NOUNS = (
    base,
    account,
    action,
    bridge,
    credit,
    enforcement,
    event,
    forecast,
    hold,
    invoice,
    notice,
    payment,
    plan,
    project,
    quota,
    receipt,
    server,
    subscription,
    summary,
    timeline,
)


def list_rules() -> list[policy.RuleDefault]:
    """For oslopolicy-sample-generator and its kin."""
    return [rule for noun in _NOUNS for rule in noun.list_rules()]


def enforcer(conf: cfg.ConfigOpts) -> policy.Enforcer:
    """What says who may do what; it reads [oslo_policy] policy_file."""
    opts.set_defaults(conf)
    judge = policy.Enforcer(conf)
    # It says which rule forbade something in an answer of our own.
    judge.suppress_deprecation_warnings = True
    judge.register_defaults(list_rules())
    return judge
