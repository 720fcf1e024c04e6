# SPDX-License-Identifier: Apache-2.0
"""The tables of the books; migrations/ brings a database to them."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store.types import Exact
from patrii_billing.store.types import Id
from patrii_billing.store.types import Instant
from patrii_billing.store.types import Json
from patrii_billing.store.types import LongText
from patrii_billing.store.types import Minor
from patrii_billing.store.types import Sought

metadata = sa.MetaData(
    naming_convention={
        'ix': 'ix_%(table_name)s_%(column_0_N_name)s',
        'uq': 'uq_%(table_name)s_%(column_0_N_name)s',
        'ck': 'ck_%(table_name)s_%(constraint_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_N_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

_UTF8: dict[str, Any] = {
    'mysql_charset': 'utf8mb4',
    # By MySQL's own default the keys 'a' and 'A' would be the same.
    'mysql_collate': 'utf8mb4_bin',
    'mysql_engine': 'InnoDB',
}
_C = sa.Column
_Name = sa.String(255)
_Word = sa.String(32)
_Uuid = sa.String(64)


def _id() -> sa.Column[int]:
    return _C('id', Id, primary_key=True, autoincrement=True)


def _to(name: str, table: str, nullable: bool = False) -> sa.Column[int]:
    return _C(
        name, Id, sa.ForeignKey(f'{table}.id'), nullable=nullable
    )  # fmt: skip


accounts = sa.Table(
    'accounts', metadata,
    _id(),
    _C('name', _Name, nullable=False, unique=True),
    _C('external_ref', _Name),
    _C('contacts', Json, nullable=False),  # list of mail addresses
    _C('locale', _Word, nullable=False),
    _C('timezone', sa.String(64), nullable=False),
    _C('currency', sa.String(3), nullable=False),
    _C('policy', Json, nullable=False),
    _C('address', Json),  # as it stands on invoices: name, lines, tax id
    _C('taxes', Json),  # list of domain.tax.Rate
    _C('discounts', Json),  # list of domain.discount.Discount
    _C('parked_why', sa.Text),
    _C('version', sa.Integer, nullable=False),  # see accounts.lock
    _C('created_at', Instant, nullable=False),
    sa.Index(None, 'external_ref'),
    # Many are entered at one instant, as all that are imported.
    sa.Index(None, 'created_at', 'id'),
    # Few are parked; MySQL indexes a text by its beginning only.
    sa.Index(None, 'parked_why', mysql_length=8, mariadb_length=8),
    **_UTF8,
)  # fmt: skip

# What an account is found by, see store/sought.py.
sought = sa.Table(
    'sought', metadata,
    _C('account_id', Id, sa.ForeignKey('accounts.id'), primary_key=True,
       autoincrement=False),
    _C('word', Sought, primary_key=True),
    sa.Index(None, 'word'),
    **_UTF8,
)  # fmt: skip

projects = sa.Table(
    'projects', metadata,
    _C('id', _Uuid, primary_key=True),  # keystone's
    _C('name', _Name, nullable=False),
    _C('lower_name', Sought, sa.Computed('lower(name)')),
    _to('account_id', 'accounts'),
    # The project's own quota, kept while ours is in its place.
    _C('quota_before', Json),
    _C('quota_frozen', Json),
    _C('quota_check_at', Instant),  # NULL: never yet, so at once
    _C('quota_drift', Json),  # what of it the operator was told
    sa.Index(None, 'quota_check_at'),
    sa.Index(None, 'account_id'),
    sa.Index(None, 'name'),
    sa.Index(None, 'lower_name'),
    **_UTF8,
)  # fmt: skip

plans = sa.Table(
    'plans', metadata,
    _id(),
    _C('name', _Name, nullable=False, unique=True),
    _C('currency', sa.String(3), nullable=False),
    _C('cycle', _Word, nullable=False),
    _C('unit', _Word, nullable=False),  # day | second
    _C('same_day', _Word, nullable=False),
    _C('trial_days', sa.Integer, nullable=False),
    _C('tax_inclusive', sa.Boolean, nullable=False),
    _C('policy', Json, nullable=False),
    _C('created_at', Instant, nullable=False),
    **_UTF8,
)  # fmt: skip

prices = sa.Table(
    'prices', metadata,
    _id(),
    _to('plan_id', 'plans'),
    _C('kind', _Word, nullable=False),
    _C('resource', _Name, nullable=False),
    _C('unit_price', Exact, nullable=False),
    _C('valid_from', sa.Date),
    _C('valid_until', sa.Date),
    _C('at_once', sa.Boolean, nullable=False),  # or at the next period
    _C('included', Exact, nullable=False),
    _C('tiers', Json),
    _C('tiering', _Word, nullable=False),
    _C('per', Exact, nullable=False),  # so many of the meter's are one unit
    _C('unit', _Word),  # what one is called: GB, hour
    sa.Index(None, 'plan_id'),
    **_UTF8,
)  # fmt: skip

subscriptions = sa.Table(
    'subscriptions', metadata,
    _id(),
    _C('name', _Name, nullable=False, unique=True),
    _to('account_id', 'accounts'),
    _to('plan_id', 'plans'),
    _C('project', _Uuid, sa.ForeignKey('projects.id'), nullable=False),
    _C('server', _Uuid),  # a subscription of one server, else NULL
    _C('anchor_day', sa.Integer, nullable=False),
    _C('start', sa.Date, nullable=False),
    _C('billed_until', sa.Date, nullable=False),  # end of what was invoiced
    _C('charge_at', Instant),  # when the next period is to be invoiced
    _C('settle_at', Instant),  # when changes are to be looked at
    _C('contract', _Word, nullable=False),
    _C('billing_status', _Word, nullable=False),
    _C('status_since', Instant, nullable=False),
    _C('enforce_from', Instant),
    # The project, where this subscription enforces it; else NULL. Unique:
    # at most one subscription of a project enforces.
    _C('enforces', sa.String(130), unique=True),
    _C('policy', Json, nullable=False),
    # The place on the ladder (domain.standing.Position).
    _C('step', _Word, nullable=False),
    _C('reminder', sa.Integer, nullable=False),
    _C('step_invoice', Id),
    _C('due_at', Instant),
    _C('awaits', _Name),
    _C('case_id', _Word),
    _C('round', sa.Integer, nullable=False),
    _C('late', sa.Double, nullable=False),
    _C('frozen', sa.Double),
    _C('check_at', Instant),  # when the law is to be asked next
    _C('created_at', Instant, nullable=False),
    _C('ends_on', sa.Date),  # not billed from that day on
    _C('ended_at', Instant),
    _C('invoiced_by', _Word),  # another engine; NULL: we draw up invoices
    sa.Index(None, 'check_at'),
    sa.Index(None, 'charge_at'),
    sa.Index(None, 'settle_at'),
    sa.Index(None, 'account_id'),
    sa.Index(None, 'project'),
    sa.Index(None, 'plan_id'),
    sa.Index(None, 'server'),
    sa.Index(None, 'billing_status'),
    sa.Index(None, 'contract'),
    # What lists are ordered by.
    sa.Index(None, 'due_at'),
    sa.Index(None, 'status_since'),
    sa.Index(None, 'billing_status', 'contract', 'account_id'),
    **_UTF8,
)  # fmt: skip

# The plan and the anchor of a subscription, from which day on. Its own row
# repeats the newest, which is in force at the end of what is billed.
terms = sa.Table(
    'terms', metadata,
    _id(),
    _to('subscription_id', 'subscriptions'),
    _C('since', sa.Date, nullable=False),
    _to('plan_id', 'plans'),
    _C('anchor_day', sa.Integer, nullable=False),
    sa.UniqueConstraint('subscription_id', 'since'),
    sa.Index(None, 'plan_id'),
    **_UTF8,
)  # fmt: skip

holds = sa.Table(
    'holds', metadata,
    _id(),
    _to('subscription_id', 'subscriptions'),
    _C('type', _Word, nullable=False),
    _C('starts_at', Instant, nullable=False),
    _C('until', Instant),
    _C('ended_at', Instant),
    _C('reason', sa.Text, nullable=False),
    _C('by', _Name, nullable=False),
    sa.Index(None, 'subscription_id'),
    **_UTF8,
)  # fmt: skip

invoices = sa.Table(
    'invoices', metadata,
    _id(),
    _to('account_id', 'accounts'),
    _to('subscription_id', 'subscriptions', nullable=True),
    _C('series', _Word, nullable=False),
    _C('number', sa.Integer),
    # renewal | first | extra | opening | credit_note, and of what another
    # engine invoices foreign | record | handover
    _C('kind', _Word, nullable=False),
    _C('state', _Word, nullable=False),
    _C('currency', sa.String(3), nullable=False),
    _C('period_start', sa.Date),
    _C('period_end', sa.Date),
    _C('net', Minor, nullable=False),
    _C('taxes', Json),  # list of name, rate, base and amount
    _C('total', Minor, nullable=False),  # with taxes
    _C('owed', Minor, nullable=False),
    _C('reference', _Name, unique=True),  # what a payment is to name
    _C('customer', Json),  # the account's address when it was issued
    _C('carried', Json),  # older open invoices then, for the reader only
    _to('corrects', 'invoices', nullable=True),  # what a credit note negates
    _C('why', sa.Text),  # of a credit note, a void, a write-off
    _C('announce_at', Instant, nullable=False),
    _C('issued_at', Instant),
    _C('due_at', Instant),
    _C('paid_at', Instant),
    _C('closed_at', Instant),  # void or uncollectible since
    _C('overdue_at', Instant),  # when those who listen were told it is
    sa.UniqueConstraint('series', 'number'),
    sa.Index(None, 'account_id'),
    sa.Index(None, 'issued_at'),
    sa.Index(None, 'subscription_id', 'state'),
    # What pages of them are found by, from the invoice that one ended with.
    sa.Index(None, 'kind', 'id'),
    sa.Index(None, 'state', 'id'),
    sa.Index(None, 'state', 'due_at', 'id'),
    sa.Index(None, 'due_at', 'id'),
    sa.Index(None, 'corrects'),
    sa.Index(None, 'state', 'overdue_at', 'due_at'),
    # All that is summed up of what is open, which is little.
    sa.Index(
        'ix_invoices_open', 'state', 'account_id', 'subscription_id',
        'due_at', 'owed', 'currency',
    ),
    sa.Index(None, 'currency', 'issued_at', 'kind', 'total'),
    **_UTF8,
)  # fmt: skip

series = sa.Table(
    'series', metadata,
    _C('name', _Word, primary_key=True),
    _C('next_number', sa.Integer, nullable=False),
    **_UTF8,
)  # fmt: skip

lines = sa.Table(
    'lines', metadata,
    _id(),
    _to('invoice_id', 'invoices'),
    _to('subscription_id', 'subscriptions', nullable=True),
    _C('kind', _Word, nullable=False),  # charge | credit
    _C('resource', _Name, nullable=False),
    _C('label', _Name),  # the resource in a reader's words
    _C('starts', sa.Date),  # local days
    _C('ends', sa.Date),
    _C('starts_at', Instant),  # where the plan counts seconds
    _C('ends_at', Instant),
    _C('quantity', Exact, nullable=False),
    _C('unit', _Word),
    _C('unit_price', Exact, nullable=False),
    _C('ratio', _Name, nullable=False),
    _C('amount', Minor, nullable=False),  # before the discount
    _C('discount', Minor, nullable=False),
    _C('net', Minor, nullable=False),  # without taxes
    _C('taxes', Json),  # list of name, rate and amount
    _C('reason', sa.Text, nullable=False),
    _to('corrects', 'lines', nullable=True),
    sa.Index(None, 'invoice_id'),
    sa.Index(None, 'subscription_id', 'starts'),
    sa.Index(None, 'corrects'),
    **_UTF8,
)  # fmt: skip

# What of a subscription's time is billed, or why it is not. A chain: each
# span but the first starts where one before it ended, so that the database
# itself refuses an overlap, a gap or a second invoice for the same period.
spans = sa.Table(
    'spans', metadata,
    _id(),
    _to('subscription_id', 'subscriptions'),
    _C('starts', sa.Date, nullable=False),
    _C('ends', sa.Date, nullable=False),
    _C('cycle_starts', sa.Date, nullable=False),  # the whole anchored cycle
    _C('cycle_ends', sa.Date, nullable=False),
    _C('follows', sa.Date),  # the start again; NULL only in the first
    _C('first', sa.Integer),  # 1 in the first, else NULL
    _to('invoice_id', 'invoices', nullable=True),
    _C('unbilled_why', _Word),
    sa.UniqueConstraint('subscription_id', 'starts'),
    sa.UniqueConstraint('subscription_id', 'ends'),
    sa.UniqueConstraint('subscription_id', 'first'),
    sa.ForeignKeyConstraint(
        ['subscription_id', 'follows'],
        ['spans.subscription_id', 'spans.ends'],
        name='fk_spans_chain',
    ),
    sa.CheckConstraint('starts < ends', name='forward'),
    # Each part is spelt out: with NULL a CHECK that is not false holds.
    sa.CheckConstraint(
        '(follows IS NULL AND first IS NOT NULL AND first = 1)'
        ' OR (follows IS NOT NULL AND follows = starts AND first IS NULL)',
        name='chained',
    ),
    sa.CheckConstraint(
        '(invoice_id IS NULL) <> (unbilled_why IS NULL)', name='explained'
    ),
    **_UTF8,
)  # fmt: skip

payments = sa.Table(
    'payments', metadata,
    _id(),
    _to('account_id', 'accounts', nullable=True),  # NULL: not known whose
    _C('kind', _Word, nullable=False),  # lifecycle.PaymentKind
    _C('state', _Word, nullable=False),
    _C('amount', Minor, nullable=False),
    _C('free', Minor, nullable=False),  # not allocated: the balance
    _C('currency', sa.String(3), nullable=False),
    _C('key', _Name, nullable=False, unique=True),
    _C('body_hash', sa.String(64), nullable=False),
    _C('reference', _Name, nullable=False),
    _C('received_at', Instant, nullable=False),
    _C('in_transit_until', Instant),
    _C('by', _Name, nullable=False),
    _C('source', _Word, nullable=False),  # person | bank | service
    _C('payer', sa.Text),  # as a bank names him
    _C('remittance', sa.Text),  # what he wrote
    _to('refunds', 'payments', nullable=True),
    _C('assigned_at', Instant),  # when it was found whose it is
    _C('ended_at', Instant),  # failed or charged back since
    sa.Index(None, 'account_id'),
    sa.Index(None, 'state'),
    sa.Index(None, 'received_at'),
    sa.Index(None, 'kind', 'id'),
    sa.Index(None, 'reference'),
    sa.Index(None, 'refunds'),
    sa.Index(None, 'currency', 'kind', 'received_at', 'state', 'amount'),
    **_UTF8,
)  # fmt: skip

allocations = sa.Table(
    'allocations', metadata,
    _id(),
    _to('payment_id', 'payments'),
    _to('invoice_id', 'invoices'),
    _C('amount', Minor, nullable=False),
    _C('at', Instant, nullable=False),
    _C('undone_at', Instant),
    sa.Index(None, 'payment_id'),
    sa.Index(None, 'invoice_id'),
    sa.Index(None, 'at'),
    **_UTF8,
)  # fmt: skip

servers = sa.Table(
    'servers', metadata,
    _C('id', _Uuid, primary_key=True),  # nova's
    _C('project', _Uuid, nullable=False),
    _C('name', _Name, nullable=False),
    _C('lower_name', Sought, sa.Computed('lower(name)')),
    _C('flavor', _Name, nullable=False),
    _C('vm_state', _Word, nullable=False),
    _C('created_at', Instant),
    _C('deleted_at', Instant),
    _C('told_at', Instant, nullable=False),  # of the newest fact
    _C('seen_at', Instant),  # by the newest complete sweep
    _C('missed_at', Instant),  # first absence, still to be confirmed
    sa.Index(None, 'project', 'deleted_at'),
    sa.Index(None, 'name'),
    sa.Index(None, 'lower_name'),
    sa.Index(None, 'missed_at'),
    **_UTF8,
)  # fmt: skip

# What a project or a server of it was, from when: the ground of proration.
levels = sa.Table(
    'levels', metadata,
    _id(),
    _C('project', _Uuid, nullable=False),
    _C('server', _Uuid),  # NULL: a quota of the project
    _C('resource', _Name, nullable=False),  # flavor name or quota key
    _C('quantity', Exact, nullable=False),
    _C('at', Instant, nullable=False),
    _C('why', sa.Text, nullable=False),
    _C('key', _Name, nullable=False, unique=True),  # the same fact, once
    sa.Index(None, 'project', 'at'),
    **_UTF8,
)  # fmt: skip

# What ceilometer measured, as it told it.
samples = sa.Table(
    'samples', metadata,
    _id(),
    _C('key', _Name, nullable=False, unique=True),  # the same sample, once
    _C('project', _Uuid, nullable=False),
    _C('resource', _Name, nullable=False),  # a server, a volume, a port
    _C('meter', _Name, nullable=False),
    _C('type', _Word, nullable=False),  # domain.usage.Type
    _C('unit', _Word, nullable=False),
    _C('volume', Exact, nullable=False),
    _C('at', Instant, nullable=False),
    _C('received_at', Instant, nullable=False),
    sa.Index(None, 'project', 'meter', 'resource', 'at'),
    sa.Index(None, 'at'),
    **_UTF8,
)  # fmt: skip

# What the samples of one local day add up to.
usage = sa.Table(
    'usage', metadata,
    _id(),
    _C('project', _Uuid, nullable=False),
    _C('meter', _Name, nullable=False),
    _C('resource', _Name, nullable=False),
    _C('day', sa.Date, nullable=False),
    _C('server', _Uuid),  # whose it is, where it is a server's
    _C('quantity', Exact, nullable=False),
    _C('opening', Exact),  # what the first reading ever showed
    _C('closing', Exact),  # what the last one of the day showed, and when
    _C('closed_at', Instant),
    _C('unit', _Word, nullable=False),
    _C('stale_at', Instant),  # when it is to be added up
    _C('version', sa.Integer, nullable=False),  # of its samples
    sa.UniqueConstraint('project', 'meter', 'resource', 'day'),
    sa.Index(None, 'stale_at'),
    sa.Index(None, 'project', 'day'),
    **_UTF8,
)  # fmt: skip

custody = sa.Table(
    'custody', metadata,
    _id(),
    _C('server', _Uuid, nullable=False),
    _C('project', _Uuid, nullable=False),
    _to('subscription_id', 'subscriptions'),
    _C('case_id', _Word, nullable=False),
    _C('state', _Word, nullable=False),
    _C('before', Json),  # domain.server.Remembered
    _C('created_at', Instant),  # the server's, its identity
    _C('shelve_refused', sa.Boolean, nullable=False),
    _C('relock_due', sa.Boolean, nullable=False),
    _C('missed_at', Instant),
    _C('unsettled_since', Instant),
    _C('why', sa.Text, nullable=False),
    _C('kept', Json),  # images and volumes saved from a delete
    _C('undo_until', Instant),
    _C('at', Instant, nullable=False),
    sa.UniqueConstraint('server', 'case_id'),
    sa.Index(None, 'subscription_id', 'case_id'),
    sa.Index(None, 'case_id'),
    sa.Index(None, 'state'),
    sa.Index(None, 'undo_until'),
    **_UTF8,
)  # fmt: skip

actions = sa.Table(
    'actions', metadata,
    _id(),
    _C('type', _Word, nullable=False),
    _to('subscription_id', 'subscriptions'),
    _to('account_id', 'accounts'),
    _C('project', _Uuid, nullable=False),
    _C('server', _Uuid),
    _C('case_id', _Word, nullable=False),
    _C('ground', _Word),  # of a delete, lifecycle.Ground; NULL: the ladder
    _C('args', Json, nullable=False),
    _C('state', _Word, nullable=False),
    _C('result', _Word),
    _C('why', sa.Text, nullable=False),
    _C('live', _Name, unique=True),  # type and target while not finished
    _C('priority', sa.Integer, nullable=False),
    _C('next_at', Instant),  # NULL once finished
    _C('attempts', sa.Integer, nullable=False),
    _C('owner', _Name),
    _C('lease_until', Instant),
    _C('committed_at', Instant),  # from here on a payment does not stop it
    _C('requests', Json, nullable=False),  # nova's request ids, in order
    _C('created_at', Instant, nullable=False),
    _C('finished_at', Instant),
    _C('approved_by', _Name),  # who said yes, where that is asked for
    _C('approved_at', Instant),
    sa.Index(None, 'next_at', 'priority'),
    sa.Index(None, 'finished_at', 'type', 'state'),
    sa.Index(None, 'subscription_id', 'state'),
    sa.Index(None, 'type', 'committed_at'),
    sa.Index(None, 'account_id', 'id'),
    sa.Index(None, 'server', 'id'),
    sa.Index(None, 'state', 'id'),
    sa.Index(None, 'type', 'id'),
    **_UTF8,
)  # fmt: skip

notices = sa.Table(
    'notices', metadata,
    _id(),
    _C('key', _Name, nullable=False, unique=True),
    _to('account_id', 'accounts', nullable=True),  # NULL: the operator's
    _to('subscription_id', 'subscriptions', nullable=True),
    _to('invoice_id', 'invoices', nullable=True),
    _C('template', _Word, nullable=False),
    _C('case_id', _Word),
    _C('servers', Json, nullable=False),
    _C('names', Instant),
    _C('context', Json, nullable=False),
    _C('state', _Word, nullable=False),
    _C('urgency', sa.Integer, nullable=False),
    _C('next_at', Instant),  # NULL once settled
    _C('attempts', sa.Integer, nullable=False),
    _C('owner', _Name),
    _C('lease_until', Instant),
    _C('message_id', _Name, nullable=False),
    _C('recipients', Json),
    _C('subject', sa.Text),
    _C('body', LongText),
    _C('answer', sa.Text),
    _C('accepted_at', Instant),
    _C('settled_at', Instant),
    _C('created_at', Instant, nullable=False),
    _C('repeats', Id),  # the notice that this one is a copy of
    sa.Index(None, 'next_at', 'urgency'),
    sa.Index(None, 'subscription_id', 'case_id'),
    sa.Index(None, 'invoice_id'),
    sa.Index(None, 'account_id', 'id'),
    sa.Index(None, 'repeats'),
    sa.Index(None, 'state', 'id'),
    sa.Index(None, 'state', 'template', 'id'),
    sa.Index(None, 'template', 'id'),
    sa.Index(None, 'message_id'),  # which bounces name
    **_UTF8,
)  # fmt: skip

# Each time that a notice was handed over, or tried to be. It is written
# before the mail is, so that a crash in between is seen.
attempts = sa.Table(
    'attempts', metadata,
    _id(),
    _to('notice_id', 'notices'),
    _C('number', sa.Integer, nullable=False),  # from 1 on
    _C('at', Instant, nullable=False),
    _C('result', _Word, nullable=False),
    _C('answer', sa.Text),
    _C('recipients', Json, nullable=False),
    sa.UniqueConstraint('notice_id', 'number'),
    sa.Index(None, 'at'),
    **_UTF8,
)  # fmt: skip

# Addresses of customers that mails came back from; none is written to any
# more before a person has said so.
undeliverable = sa.Table(
    'undeliverable', metadata,
    _id(),
    _to('account_id', 'accounts'),
    _C('address', _Name, nullable=False),  # as the account has it
    _C('since', Instant, nullable=False),
    _C('answer', sa.Text, nullable=False),
    _to('notice_id', 'notices'),  # the one that came back
    sa.UniqueConstraint('account_id', 'address'),
    sa.Index(None, 'notice_id'),
    **_UTF8,
)  # fmt: skip

timeline = sa.Table(
    'timeline', metadata,
    _id(),
    _to('account_id', 'accounts', nullable=True),
    _to('subscription_id', 'subscriptions', nullable=True),
    _C('server', _Uuid),
    _C('at', Instant, nullable=False),
    _C('what', _Word, nullable=False),
    _C('name', _Name, nullable=False),
    _C('why', sa.Text, nullable=False),
    _C('by', _Name, nullable=False),
    _C('detail', Json, nullable=False),
    _C('request_id', _Name),  # of the API request that did it
    sa.Index(None, 'account_id', 'id'),
    sa.Index(None, 'at'),
    sa.Index(None, 'server'),
    sa.Index(None, 'subscription_id', 'id'),
    sa.Index(None, 'what', 'id'),
    **_UTF8,
)  # fmt: skip

# What was answered to a write under an idempotency key, so that the same
# request again does nothing and is answered the same.
requests = sa.Table(
    'requests', metadata,
    _id(),
    _C('caller', _Name, nullable=False),
    _C('key', _Name, nullable=False),
    _C('body_hash', sa.String(64), nullable=False),
    _C('status', sa.Integer, nullable=False),
    _C('answer', Json, nullable=False),
    _C('expires_at', Instant, nullable=False),
    sa.UniqueConstraint('caller', 'key'),
    sa.Index(None, 'expires_at'),
    **_UTF8,
)  # fmt: skip

# What is told to other systems, written with what it tells of.
events = sa.Table(
    'events', metadata,
    _id(),
    _C('key', _Name, nullable=False, unique=True),  # as others know it
    _C('type', _Name, nullable=False),  # one of domain.events.TYPES
    _C('at', Instant, nullable=False),
    _C('account_id', Id),
    _C('subscription_id', Id),
    _C('server', _Uuid),
    _C('name', _Name, nullable=False),
    _C('why', sa.Text, nullable=False),
    _C('by', _Name, nullable=False),
    _C('detail', Json, nullable=False),
    _C('request_id', _Name),
    _C('body', LongText),  # as it is sent, once it is made
    _C('next_at', Instant),  # NULL once each listener has his delivery
    _C('owner', _Name),
    _C('lease_until', Instant),
    sa.Index(None, 'next_at', 'id'),
    sa.Index(None, 'account_id', 'id'),
    sa.Index(None, 'type', 'id'),
    sa.Index(None, 'at'),
    **_UTF8,
)  # fmt: skip

# An event on its way to one listener.
deliveries = sa.Table(
    'deliveries', metadata,
    _id(),
    _to('event_id', 'events'),
    _C('listener', _Name, nullable=False),
    _C('state', _Word, nullable=False),  # lifecycle.DeliveryState
    _C('since', Instant, nullable=False),  # when it is given up is counted so
    _C('next_at', Instant),  # NULL once settled
    _C('attempts', sa.Integer, nullable=False),
    _C('answer', sa.Text, nullable=False),
    _C('settled_at', Instant),
    sa.UniqueConstraint('event_id', 'listener'),
    sa.Index(None, 'listener', 'next_at', 'id'),
    sa.Index(None, 'state', 'settled_at'),
    sa.Index(None, 'state', 'event_id'),
    **_UTF8,
)  # fmt: skip

# How each listener fares; one worker at a time tells it, in order.
listeners = sa.Table(
    'listeners', metadata,
    _id(),
    _C('name', _Name, nullable=False, unique=True),
    _C('failures', sa.Integer, nullable=False),  # in a row
    _C('next_at', Instant, nullable=False),  # it rests until then
    _C('heard_at', Instant),  # when it last took one
    _C('owner', _Name),
    _C('lease_until', Instant),
    **_UTF8,
)  # fmt: skip

# What other systems told by webhook, and what became of it.
receipts = sa.Table(
    'receipts', metadata,
    _id(),
    _C('source', _Name, nullable=False),
    _C('message_id', _Name, nullable=False),
    _C('body_hash', sa.String(64), nullable=False),
    _C('body', LongText, nullable=False),
    _C('state', _Word, nullable=False),  # lifecycle.ReceiptState
    _C('type', _Name, nullable=False),  # in the sender's words
    _C('why', sa.Text, nullable=False),
    _C('key', _Name),  # of the payment it tells of
    _to('payment_id', 'payments', nullable=True),
    _C('received_at', Instant, nullable=False),
    sa.UniqueConstraint('source', 'message_id'),
    sa.Index(None, 'state', 'id'),
    sa.Index(None, 'key'),
    sa.Index(None, 'received_at'),
    **_UTF8,
)  # fmt: skip

# Other subscription engines, and how far each was read.
bridges = sa.Table(
    'bridges', metadata,
    _id(),
    _C('name', _Word, nullable=False, unique=True),
    _C('what', sa.Text),  # as it introduced itself
    _C('needs', Json, nullable=False),  # what it lacks, in sentences
    _C('why', sa.Text),  # it could not be read last time
    _C('read_from', Instant),  # by its clock, where the next reading begins
    _C('read_at', Instant),  # when it was read to the end last
    _C('read_whole_at', Instant),  # the same, of all that it has
    _C('failures', sa.Integer, nullable=False),  # in a row
    _C('next_at', Instant, nullable=False),
    _C('owner', _Name),
    _C('lease_until', Instant),
    **_UTF8,
)  # fmt: skip

# What each record of another engine is in these books.
links = sa.Table(
    'links', metadata,
    _id(),
    _C('bridge', _Word, nullable=False),
    _C('kind', _Word, nullable=False),  # of store.bridges
    _C('ref', _Name, nullable=False),  # as the engine knows it
    _C('customer', _Name, nullable=False),  # whose it is there
    _C('state', _Word, nullable=False),  # linked | waiting | gone
    _C('why', sa.Text),  # it waits
    _C('said', Json, nullable=False),  # the record as it was read last
    _C('seen_at', Instant, nullable=False),  # when it was read last
    _C('missed_at', Instant),  # not there when all was read
    _to('account_id', 'accounts', nullable=True),
    _to('subscription_id', 'subscriptions', nullable=True),
    _to('invoice_id', 'invoices', nullable=True),
    sa.UniqueConstraint('bridge', 'kind', 'ref'),
    sa.Index(None, 'bridge', 'state', 'kind', 'id'),
    sa.Index(None, 'bridge', 'customer'),
    sa.Index(None, 'account_id'),
    sa.Index(None, 'subscription_id'),
    sa.Index(None, 'invoice_id'),
    **_UTF8,
)  # fmt: skip

inbox = sa.Table(
    'inbox', metadata,
    _id(),
    _C('source', _Word, nullable=False),  # nova | ceilometer
    _C('message_id', _Name, nullable=False, unique=True),
    _C('event_type', _Name, nullable=False),
    _C('body', LongText, nullable=False),
    _C('state', _Word, nullable=False),  # new | done | ignored | parked
    _C('why', sa.Text),
    _C('received_at', Instant, nullable=False),
    _C('next_at', Instant),  # NULL once settled
    _C('owner', _Name),
    _C('lease_until', Instant),
    sa.Index(None, 'source', 'next_at'),
    sa.Index(None, 'state', 'id'),
    **_UTF8,
)  # fmt: skip

# One row: what watches over enforcement itself.
watch = sa.Table(
    'watch', metadata,
    _C('id', sa.Integer, primary_key=True),
    _C('stopped_why', sa.Text),  # the kill switch
    _C('safe_why', sa.Text),  # safe mode: restores only
    _C('counted_from', Instant),  # when the caps were last lifted
    _C('ticked_at', Instant),
    _C('heard_at', Instant),  # the newest notification
    _C('swept_at', Instant),  # the newest complete reconcile
    _C('sweep_from', Instant),  # where the next changes-since begins
    _C('mail_opens_at', Instant),  # no mail is handed over before
    _C('mail_away_since', Instant),  # since when the mail server is away
    _C('mail_failures', sa.Integer),  # how often it was not reached since
    _C('bounces_at', Instant),  # when the mailbox is to be read next
    _C('bounces_read_at', Instant),  # when it could be read last
    **_UTF8,
)  # fmt: skip
