# SPDX-License-Identifier: Apache-2.0
"""What can be done from the pages: one table, and one way for each of it.

A form asks for what is needed, the API tells what would follow (a dry run),
and a second press has it done, once for the key of the form.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any
from urllib import parse

from patrii_billing.web import codes

N_ = codes.N_
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

    `noun` is what it is done to, which the API shows at `place`; empty where
    that is all of the service. `rule` is the policy's, without its
    `billing:`. One that is `grave` has a button in the colour of danger.
    """

    name: str
    rule: str
    title: str
    request: Callable[[str, Given], Request]
    fields: tuple[Field, ...] = ()
    noun: str = ''
    grave: bool = False

    def takes(self, target: str) -> bool:
        """Whether a hold is named where it is a deed on one, and only so."""
        return bool(_HELD.fullmatch(target)) == (self.noun == 'hold')

    def read(
        self, given: Given, amount: Callable[[str], str]
    ) -> dict[str, str]:
        """What was filled in, amounts as the API writes them."""
        money = {one.name for one in self.fields if one.kind == 'money'}
        return {
            name: amount(text.strip()) if name in money else text
            for name, text in given.items()
        }

    def place(self, target: str) -> str:
        return _PLACES[self.noun].format(_id(target))


_HELD = re.compile(r'([0-9]+)\.([0-9]+)')
_PLACES = {
    'account': '/v1/accounts/{}',
    'subscription': '/v1/subscriptions/{}',
    'hold': '/v1/subscriptions/{}',
    'notice': '/v1/notices/{}',
    'action': '/v1/actions/{}',
    'invoice': '/v1/invoices/{}',
}


def held(subscription_id: int, hold_id: int) -> str:
    """A hold as a target: it is one of a contract."""
    return f'{subscription_id}.{hold_id}'


def _id(target: str) -> str:
    """As it stands in a path of the API, whatever an address brought."""
    held = _HELD.fullmatch(target)
    if held:
        return f'{held[1]}/holds/{held[2]}'
    return parse.quote(target, safe='')


def _put(
    path: str, *names: str, method: str = 'POST'
) -> Callable[[str, Given], Request]:
    """A request whose body is what was filled in of the form."""

    def request(target: str, given: Given) -> Request:
        body = {name: given[name] for name in names if given.get(name)}
        return Request(method, path.format(_id(target)), body)

    return request


def _pay(target: str, given: Given) -> Request:
    body: dict[str, Any] = {
        'account_id': _number(target),
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
        'POST', f'/v1/subscriptions/{_id(target)}/quota', {'quota': wanted}
    )


def _number(text: str) -> int | str:
    """As a number; what is none goes as it is, for the API to refuse."""
    return int(text) if re.fullmatch(r'-?[0-9]{1,18}', text) else text


def _approve(target: str, given: Given) -> Request:
    body = {'actions': [_number(target)]}
    return Request('POST', '/v1/actions/approve', body)


_WHY = Field('why', N_('Why'), 'text', needed=False)
_REASON = Field('reason', N_('Reason, for the timeline'), 'text')
_SUB = '/v1/subscriptions/{}'

ALL = (
    Deed(
        name='pay', rule='payment:create', noun='account',
        title=N_('Record a payment'),
        request=_pay,
        fields=(
            Field('amount', N_('Amount'), 'money'),
            Field('reference', N_('Reference, as the number of a cheque'),
                  needed=False),
        ),
    ),
    Deed(
        name='hold', rule='hold:create', noun='subscription', title=N_('Hold'),
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
        name='extend', rule='hold:update', noun='hold',
        title=N_('Hold until another day'),
        request=_put(_SUB, 'until', 'why', method='PATCH'),
        fields=(Field('until', N_('Until'), 'date'), _WHY),
    ),
    Deed(
        name='release', rule='hold:delete', noun='hold',
        title=N_('Release the hold'),
        request=_put(_SUB, 'why', method='DELETE'), fields=(_WHY,),
    ),
    Deed(
        name='restore', rule='subscription:restore', noun='subscription',
        title=N_('Restore now'), request=_put(f'{_SUB}/restore', 'why'),
        fields=(_WHY,),
    ),
    Deed(
        name='quota', rule='quota:update', noun='subscription',
        title=N_('Change the quota'),
        request=_quota,
        fields=(
            Field('cores', N_('Cores'), 'number', needed=False),
            Field('ram_gib', N_('Memory in GiB'), 'number', needed=False),
            Field('instances', N_('Servers'), 'number', needed=False),
        ),
    ),
    Deed(
        name='cancel', rule='subscription:cancel', noun='subscription',
        grave=True,
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
        name='keep', rule='subscription:keep', noun='subscription',
        title=N_('Take the cancellation back'),
        request=_put(f'{_SUB}/keep', 'why'), fields=(_WHY,),
    ),
    Deed(
        name='resend', rule='notice:resend', noun='notice',
        title=N_('Send again'),
        request=_put('/v1/notices/{}/resend'),
    ),
    Deed(
        name='given', rule='notice:record', noun='notice',
        title=N_('Record that it was given by letter or phone'),
        request=_put('/v1/notices/{}/record', 'date', 'evidence'),
        fields=(
            Field('date', N_('When'), 'date'),
            Field('evidence', N_('How, and how that can be shown'), 'text'),
        ),
    ),
    Deed(
        name='approve', rule='action:approve', noun='action', grave=True,
        title=N_('Approve'), request=_approve,
    ),
    Deed(
        name='retry', rule='action:retry', noun='action',
        title=N_('Try again'),
        request=_put('/v1/actions/{}/retry'),
    ),
    Deed(
        name='call-off', rule='action:cancel', noun='action',
        title=N_('Cancel'),
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
        name='void', rule='invoice:void', noun='invoice',
        title=N_('Void'), grave=True,
        request=_put('/v1/invoices/{}/void', 'why'),
        fields=(Field('why', N_('Why'), 'text'),),
    ),
    Deed(
        name='credit', rule='invoice:credit', noun='invoice',
        title=N_('Credit'),
        request=_put('/v1/invoices/{}/credit', 'amount', 'why'),
        fields=(
            Field('amount', N_('Amount'), 'money', needed=False,
                  hint=N_('Empty: all that is left of it.')),
            Field('why', N_('Why'), 'text'),
        ),
    ),
)  # fmt: skip
BY_NAME = {deed.name: deed for deed in ALL}
