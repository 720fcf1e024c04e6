# SPDX-License-Identifier: Apache-2.0
"""Who may see, write and take back invoices."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/invoices/{number}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'invoice:list', _READERS, 'List invoices.',
            ('GET', '/v1/invoices'),
        ),
        base.rule(
            'invoice:show', _READERS, 'Show an invoice.', ('GET', _ONE)
        ),
        base.rule(
            'invoice:pdf', _READERS, 'Read an invoice as a PDF.',
            ('GET', f'{_ONE}/pdf'),
        ),
        base.rule(
            'invoice:html', _READERS, 'Read an invoice as a page.',
            ('GET', f'{_ONE}/html'),
        ),
        base.rule(
            'invoice:facturx', _READERS, 'Read an invoice as an e-invoice.',
            ('GET', f'{_ONE}/facturx'),
        ),
        base.rule(
            'invoice:create', _WRITERS, 'Write an invoice by hand.',
            ('POST', '/v1/invoices'),
        ),
        base.rule(
            'invoice:create_waiting', _WRITERS,
            'Invoice now what waits for the next invoice.',
            ('POST', '/v1/subscriptions/{subscription_id}/invoice'),
        ),
        base.rule(
            'invoice:void', _WRITERS, 'Take a wrong invoice back.',
            ('POST', f'{_ONE}/void'),
        ),
        base.rule(
            'invoice:credit', _WRITERS, 'Give back a part of an invoice.',
            ('POST', f'{_ONE}/credit'),
        ),
        base.rule(
            'invoice:write_off', _WRITERS, 'Ask for an invoice no more.',
            ('POST', f'{_ONE}/write-off'),
        ),
    ]  # fmt: skip
