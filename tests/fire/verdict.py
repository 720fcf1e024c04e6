# SPDX-License-Identifier: Apache-2.0
"""What must be true after a siege, whatever fell on the city.

It is looked up in the cloud, in the mailbox and in the books, never in what
the daemons say of themselves.
"""

from collections.abc import Iterator
from collections import Counter
import email

import sqlalchemy as sa

from patrii_billing.store import schema
from tests.fire import siege

# What the ladder rests on is sent again where its fate is unknown.
_MUST_ARRIVE = ('grace', 'last_warning')


def wrongs(city: siege.Siege) -> list[str]:
    """All that is not as it must be."""
    checks = (
        _lost_messages, _wrong_effects, _wrong_money, _wrong_numbers,
        _mails_twice, _strange_lines,
    )  # fmt: skip
    return [wrong for check in checks for wrong in check(city)]


def _lost_messages(city: siege.Siege) -> Iterator[str]:
    inbox = schema.inbox
    stored = dict(
        city.service.rows(sa.select(inbox.c.message_id, inbox.c.state))
    )
    lost = set(city.crier.sent) - set(stored)
    if lost:
        yield f'{len(lost)} messages were published and are not stored'
    for state, count in Counter(stored.values()).items():
        if state not in ('done', 'ignored'):
            yield f'{count} messages are {state}'


def _wrong_effects(city: siege.Siege) -> Iterator[str]:
    for one in city.customers:
        effects = city.cloud.effects(one.server)
        if not one.may_end(effects):
            yield f'{one.name}: {effects or "nothing"} was done'
        shown = city.cloud.shows(one.server)
        back = shown and not shown.locked and shown.vm_state == 'active'
        if one.pays and not back:
            yield f'{one.name} has paid, and his server is {shown}'


def _wrong_money(city: siege.Siege) -> Iterator[str]:
    for one in city.customers:
        invoices = city.rows_of(one, schema.invoices)
        if len(invoices) != 1:
            yield f'{one.name} has {len(invoices)} invoices'
        owed = sum(row.owed for row in invoices)
        if bool(owed) == one.pays:
            yield f'{one.name} owes {owed}'
        payments = city.rows_of(one, schema.payments)
        if len(payments) != one.pays:
            yield f'{one.name} has paid {len(payments)} times'


def _wrong_numbers(city: siege.Siege) -> Iterator[str]:
    invoices = schema.invoices
    numbers = [
        number
        for (number,) in city.service.rows(
            sa.select(invoices.c.number).order_by(invoices.c.number)
        )
    ]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f'invoices are numbered {numbers}'


def _mails_twice(city: siege.Siege) -> Iterator[str]:
    """Twice is better than never only for what must arrive."""
    times = Counter(
        email.message_from_string(mail)['Message-ID']
        for mail in list(city.service.mailbox.mails)
    )
    notices = schema.notices
    for row in city.service.rows(
        sa.select(notices.c.message_id, notices.c.template, notices.c.key)
    ):
        if times[row.message_id] > 1:
            city.fallen['mails sent again'] += 1
            if row.template not in _MUST_ARRIVE:
                yield f'{row.key} was mailed twice'


def _ends(line: str) -> bool:
    """Whether a traceback's last line may be this: it names an error."""
    return 'Error: ' in line or 'Exception: ' in line


def _strange_lines(city: siege.Siege) -> Iterator[str]:
    """What is away is told in a line, and not in a traceback."""
    lines = city.service.logged('')
    for number, line in enumerate(lines):
        if 'Traceback' in line:
            # What was said just before, and what it ends with.
            told = lines[max(0, number - 2) : number + 1]
            end = next(
                (each for each in lines[number + 1 :] if _ends(each)), ''
            )
            yield '\n'.join([*told, end])
