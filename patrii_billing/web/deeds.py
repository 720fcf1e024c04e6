# SPDX-License-Identifier: Apache-2.0
"""What can be done from the pages: one table, and one way for each of it.

A form asks for what is needed, the API tells what would follow (a dry run),
and a second press has it done, once for the key of the form.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """What a form asks for. `kind` is an input's type, `choice` or `text`.

    The words are translated where they are shown.
    """

    name: str
    label: str
    kind: str = 'line'
    needed: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ''


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API."""

    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """`request` is made of the id of what it is done to, and of the form.

    `rule` is the policy's, without its `billing:`. One that is `grave` has a
    button in the colour of danger.
    """

    name: str
    rule: str
    title: str
    request: Callable[[str, Given], Request]
    fields: tuple[Field, ...] = ()
    grave: bool = False


def N_(text: str) -> str:  # noqa: N802 - what gettext's tools look for
    """Marks words that are translated later."""
    return text


def _put(
    path: str, *names: str, method: str = 'POST'
) -> Callable[[str, Given], Request]:
    """A request whose body is what was filled in of the form."""

    def request(target: str, given: Given) -> Request:
        body = {name: given[name] for name in names if given.get(name)}
        return Request(method, path.format(target), body)

    return request


def _pay(target: str, given: Given) -> Request:
    body: dict[str, Any] = {
        'account_id': int(target),
        'amount': given.get('amount', ''),
        'key': given.get('payment_key', ''),
    }
    if given.get('reference'):
        body['reference'] = given['reference']
    return Request('POST', '/v1/payments', body)


def _quota(target: str, given: Given) -> Request:
    wanted = {
        name: _number(given[name])
        for name in ('cores', 'ram_gib', 'instances')
        if given.get(name)
    }
    return Request(
        'POST', f'/v1/subscriptions/{target}/quota', {'quota': wanted}
    )


def _number(text: str) -> int | str:
    """As a number; what is none goes as it is, for the API to refuse."""
    return int(text) if text.lstrip('-').isdigit() else text


def _approve(target: str, given: Given) -> Request:
    return Request('POST', '/v1/actions/approve', {'actions': [int(target)]})


_WHY = Field('why', N_('Why'), 'text', needed=False)
_REASON = Field('reason', N_('Reason, for the timeline'), 'text')
_SUB = '/v1/subscriptions/{}'

ALL = (
    Deed(
        name='pay', rule='payment:create', title=N_('Record a payment'),
        request=_pay,
        fields=(
            Field('amount', N_('Amount'), 'money'),
            Field('reference', N_('Reference, as the number of a cheque'),
                  needed=False),
        ),
    ),
    Deed(
        name='hold', rule='hold:create', title=N_('Hold'),
        request=_put(f'{_SUB}/holds', 'type', 'until', 'reason'),
        fields=(
            Field('type', N_('What kind'), 'choice', choices=(
                ('promise', N_('promise: the ladder stops until a date')),
                ('pause', N_('pause: neither ladder nor invoices')),
                ('abuse', N_('abuse: until a person releases it')),
            )),
            Field('until', N_('Until'), 'date', needed=False,
                  hint=N_('A promise needs a day.')),
            _REASON,
        ),
    ),
    Deed(
        name='restore', rule='subscription:restore',
        title=N_('Restore now'), request=_put(f'{_SUB}/restore', 'why'),
        fields=(_WHY,),
    ),
    Deed(
        name='quota', rule='quota:update', title=N_('Change the quota'),
        request=_quota,
        fields=(
            Field('cores', N_('Cores'), 'number', needed=False),
            Field('ram_gib', N_('Memory in GiB'), 'number', needed=False),
            Field('instances', N_('Servers'), 'number', needed=False),
        ),
    ),
    Deed(
        name='cancel', rule='subscription:cancel', grave=True,
        title=N_('Cancel the contract'),
        request=_put(f'{_SUB}/cancel', 'on', 'why'),
        fields=(
            Field('on', N_('First day that is not billed'), 'date',
                  needed=False,
                  hint=N_('Empty: the end of what is paid.')),
            _WHY,
        ),
    ),
    Deed(
        name='keep', rule='subscription:keep',
        title=N_('Take the cancellation back'),
        request=_put(f'{_SUB}/keep', 'why'), fields=(_WHY,),
    ),
    Deed(
        name='resend', rule='notice:resend', title=N_('Send again'),
        request=_put('/v1/notices/{}/resend'),
    ),
    Deed(
        name='given', rule='notice:record',
        title=N_('Record that it was given by letter or phone'),
        request=_put('/v1/notices/{}/record', 'date', 'evidence'),
        fields=(
            Field('date', N_('When'), 'date'),
            Field('evidence', N_('How, and how that can be shown'), 'text'),
        ),
    ),
    Deed(
        name='approve', rule='action:approve', grave=True,
        title=N_('Approve'), request=_approve,
    ),
    Deed(
        name='retry', rule='action:retry', title=N_('Try again'),
        request=_put('/v1/actions/{}/retry'),
    ),
    Deed(
        name='call-off', rule='action:cancel', title=N_('Cancel'),
        request=_put('/v1/actions/{}/cancel', 'reason', 'until'),
        fields=(
            _REASON,
            Field('until', N_('Until'), 'date', needed=False,
                  hint=N_('Of a shelve or a delete: until when it is off.')),
        ),
    ),
    Deed(
        name='stop', rule='enforcement:stop', grave=True,
        title=N_('Stop all enforcement'),
        request=_put('/v1/enforcement/stop', 'reason'), fields=(_REASON,),
    ),
    Deed(
        name='resume', rule='enforcement:resume', grave=True,
        title=N_('Resume enforcement'),
        request=_put('/v1/enforcement/resume'),
    ),
    Deed(
        name='void', rule='invoice:void', title=N_('Void'), grave=True,
        request=_put('/v1/invoices/{}/void', 'why'),
        fields=(Field('why', N_('Why'), 'text'),),
    ),
    Deed(
        name='credit', rule='invoice:credit', title=N_('Credit'),
        request=_put('/v1/invoices/{}/credit', 'amount', 'why'),
        fields=(
            Field('amount', N_('Amount'), 'money', needed=False,
                  hint=N_('Empty: all that is left of it.')),
            Field('why', N_('Why'), 'text'),
        ),
    ),
)  # fmt: skip
BY_NAME = {deed.name: deed for deed in ALL}
