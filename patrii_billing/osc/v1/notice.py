# SPDX-License-Identifier: Apache-2.0
"""`openstack billing notice`: what customers and operators are told."""

import argparse
from collections.abc import Iterable
import textwrap
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_STATES = (
    'pending', 'accepted', 'refused', 'unknown', 'suppressed', 'cancelled',
)  # fmt: skip
_WIDE = columns.wrapped(60)
_C = columns.Column


def _attempted(_notice: columns.Item, one: columns.Item) -> str:
    """When it was handed over, what came of it, what was answered."""
    at = one['at'].replace('T', ' ').rstrip('Z')
    said = f': {columns.harmless(one["answer"])}' if one['answer'] else ''
    return textwrap.fill(f'{at} {one["result"]}{said}', 60)


_LIST = (
    _C('ID', 'id'),
    _C('Created', 'created_at', columns.instant),
    _C('Notice', 'template'),
    _C('Account', 'account_name', columns.words),
    _C('Subscription', 'subscription_name', columns.words, long=True),
    _C('State', 'state'),
    _C('Names', 'names', columns.instant, long=True),
    _C('Attempts', 'attempts', long=True),
    _C('Answer', 'answer', columns.wrapped(40), long=True),
    _C('Copy Of', 'repeats', columns.words, long=True),
    _C('Key', 'key', raw=True),
    _C('Subject', 'subject', raw=True),
)
_SHOW = (
    _C('ID', 'id'),
    _C('Key', 'key', _WIDE),
    _C('Notice', 'template'),
    _C('State', 'state'),
    _C('Account', 'account_name', columns.words),
    _C('Account ID', 'account_id', raw=True),
    _C('Subscription', 'subscription_name', columns.words),
    _C('Subscription ID', 'subscription_id', raw=True),
    _C('Invoice', 'invoice', columns.words),
    _C('Server IDs', 'server_ids', columns.each),
    _C('Names', 'names', columns.instant),
    _C('Copy Of', 'repeats', columns.words),
    _C('Copies', 'copies', columns.each),
    _C('Created', 'created_at', columns.instant),
    _C('Attempts', 'attempts'),
    _C('Next', 'next_at', columns.instant),
    _C('Settled', 'settled_at', columns.instant),
    _C('Accepted', 'accepted_at', columns.instant),
    _C('Answer', 'answer', _WIDE),
    _C('Recipients', 'recipients', columns.each),
    _C('Subject', 'subject', _WIDE),
    _C('History', 'history', columns.told(_attempted)),
    _C('Text', 'text', _WIDE),
)


class ListNotice(commands.Lister):
    """List notices, the newest first."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='To this account (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='Of this subscription (name or ID)')
        add('--template', metavar='<notice>',
            help='Of this kind, as invoice, grace, last_warning or operator')
        add('--state', choices=_STATES, help='In this state')
        add('--key', metavar='<key>', help='Of this key')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        return self.api.items(
            'notices', parsed_args.limit,
            **commands.found(self.api, parsed_args, 'account', 'subscription'),
            template=parsed_args.template, state=parsed_args.state,
            key=parsed_args.key,
        )  # fmt: skip


class ShowNotice(commands.ShowOne):
    """Show a notice: to whom it went, what was answered, and what it said."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_notice(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/notices/{parsed_args.notice}')


class PreviewNotice(commands.ShowOne):
    """Show how a notice would read if it were sent now; nothing is sent.

    Without an account and a subscription it is a sample.
    """

    shows = (
        _C('Notice', 'template'),
        _C('Locale', 'locale'),
        _C('Recipients', 'recipients', columns.each),
        _C('Invented', 'invented', columns.each),
        _C('Subject', 'subject', _WIDE),
        _C('Text', 'text', _WIDE),
        _C('HTML', 'html', raw=True),
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('template', metavar='<notice>',
            help='Which one, as invoice, grace or last_warning')
        add('--account', metavar='<account>', help='To whom (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='Of which contract (name or ID)')
        add('--locale', metavar='<locale>',
            help="In this language, and not in the account's")  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(
            '/v1/notice-preview', template=parsed_args.template,
            locale=parsed_args.locale,
            **commands.found(self.api, parsed_args, 'account', 'subscription'),
        )  # fmt: skip


class ResendNotice(commands.Change):
    """Send a notice again, to the addresses of today.

    It is a copy of its own, shown here. The ladder does not count from it,
    unless it is a last warning that nobody accepted before.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_notice(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/notices/{parsed_args.notice}/resend'
        )


class TestNotice(commands.Change):
    """Send a sample of a notice to an address, marked as a test.

    It goes by the mail server of the service, whose answers are shown. It is
    no notice: nobody's ladder counts from it.
    """

    shows = (
        _C('Result', 'result', columns.words),
        _C('Answer', 'answer', _WIDE),
        _C('Advice', 'advice', _WIDE),
        _C('To', 'to', _WIDE),
        _C('Recipients', 'recipients', columns.pairs),
        _C('Server', 'server', _WIDE),
        _C('TLS', 'tls', columns.words),
        _C('User', 'user', columns.words),
        _C('Notice', 'template'),
        _C('Subject', 'subject', _WIDE),
        _C('Fault', 'fault', _WIDE),
        _C('Dialogue', 'dialogue', columns.each),
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--to', metavar='<address>', required=True,
            help='Where to send it')
        add('--notice', metavar='<notice>', dest='template',
            help='Which one, as grace or last_warning (default: invoice)')
        add('--locale', metavar='<locale>',
            help='In this language (default: en)')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', '/v1/notice-test',
            commands.given(parsed_args, 'to', 'template', 'locale'),
        )  # fmt: skip


class RecordNotice(commands.Change):
    """Count a notice as given by letter or phone.

    For one that no mail server accepted. The ladder goes on from then: a
    deletion may rest on it.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_notice(parser)
        add = parser.add_argument
        add('--date', metavar='<moment>', required=True,
            help="When: a day of the account's, which counts from its end, "
            'or an instant as 2026-01-31T12:00:00Z')
        add('--evidence', metavar='<text>', required=True,
            help='How it was given, and how that can be shown')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/notices/{parsed_args.notice}/record',
            commands.given(parsed_args, 'date', 'evidence'),
        )  # fmt: skip


def _add_notice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'notice', metavar='<notice>', type=int, help='ID of the notice'
    )
