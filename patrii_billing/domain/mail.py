# SPDX-License-Identifier: Apache-2.0
"""What a notice says, and the mail that is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import re
import zoneinfo

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing import errors

# Every notice there is, by the name of its template.
TEMPLATES = (
    'invoice',
    'reminder',
    'grace',
    'shelved',
    'last_warning',
    'deleted',
    'deletion_requested',
    'restored',
    'payment_received',
    'payment_failed',
    'credit_note',
    'quota_changed',
    'quota_refused',
    'hold_begun',
    'hold_ended',
    'contract_ending',
    'contract_kept',
    'operator',
)

# Every alarm there is; operators get them by the template of that name.
ALARMS = (
    'cap_reached',
    'many_in_arrears',
    'servers_missing',
    'silence',
    'safe_mode',
    'approval_awaited',
    'restore_stuck',
    'restores_late',
    'shelve_stuck',
    'actions_stuck',
    'quota_change_stuck',
    'server_exempt',
    'delete_refused',
    'delivery_failed',
    'delivery_late',
    'notice_refused',
    'warning_not_accepted',
    'bounced_late',
    'bounce_unclear',
    'bounces_unread',
    'delivery_unknown',
    'mail_away',
    'left_to_operator',
    'nothing_to_shelve',
    'template_broken',
    'document_not_written',
    'account_parked',
    'charge_failed',
    'judgement_failed',
    'correction_failed',
    'false_notification',
    'quota_drift',
    'quota_refused',
    'webhook_parked',
    'webhook_refused',
    'bridge_away',
    'bridge_shrunk',
    'contract_gone',
    'contract_unlike',
    'payment_gone',
    'delivery_dead',
    'uncovered',
)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r'[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
_LOCAL = re.compile(rf'{_ATOM}(\.{_ATOM})*')
# 254 in all, less the longest local part and the @ (RFC 5321, 4.5.3.1).
_LONGEST_DOMAIN = 189
_DOMAIN = re.compile(rf'{_LABEL}(\.{_LABEL})*')


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that goes with a mail, by the name of its file."""

    name: str
    data: bytes
    kind: str = 'pdf'  # application/...


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """All that a notice's template may use; only the first four are needed.

    `names` is the instant the notice is about: shelving (grace), deletion
    (last_warning), the end of the undo span (deleted) or before which it does
    not come (deletion_requested), the end of a hold (hold_begun), the next
    step (the others). `soonest` is before which the step after that cannot
    come: shelving (invoice, reminder), deletion (shelved). `amount` is the
    payment's or the prorated sum, below zero where it is given back;
    `amount_due` is what is left to pay in all. Ids of messages have no domain;
    `references` is one id per account, so that its mails form a thread. Names
    may hold anything; they are made safe.
    """

    template: str
    account: str
    recipients: tuple[str, ...]
    message_id: str
    locale: str = 'en'
    zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo('UTC')
    subscription: str = ''
    servers: tuple[tuple[str, str], ...] = ()  # id, name
    names: dt.datetime | None = None
    soonest: dt.datetime | None = None
    invoice_number: str = ''
    invoice_total: money.Money | None = None
    invoice_owed: money.Money | None = None
    due_at: dt.datetime | None = None
    amount: money.Money | None = None
    amount_due: money.Money | None = None
    references: str = ''
    context: Mapping[str, str] = field(default_factory=dict)
    plan: str = ''  # whose own words go before those of all plans
    attachments: tuple[Attachment, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)  # for commands
    # What else an alarm tells of: account, subscription, server and why.
    also: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """What the page of a mail shows by its `id`, as `cid:logo@example`."""

    id: str
    data: bytes
    kind: str  # png, jpeg or gif


@dataclass(frozen=True, slots=True)
class Mail:
    """A composed mail; `message_id` is the same at every attempt.

    `fault` says why a template of the operator's own was passed over.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    html: str = ''
    references: str = ''
    pictures: tuple[Picture, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    fault: str = ''


@dataclass(frozen=True, slots=True)
class Handover:
    """A mail server took the mail: its answer, and whom it would not have.

    `refused` maps those recipients, whose address is at fault for good, to
    the answer that each of them got. `missed` are all who do not get it,
    whatever was the reason; the mail goes to the others.
    """

    answer: str
    refused: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one mail, for who looks after the mail server.

    `server` is where it went, `tls` the version that protected it, empty in
    the clear, and `user` who was logged in, empty for nobody. `dialogue` is
    what both sides said, without passwords and without the mail itself.
    """

    result: lifecycle.Attempt
    answer: str
    server: str
    tls: str = ''
    user: str = ''
    recipients: Mapping[str, str] = field(default_factory=dict)
    dialogue: tuple[str, ...] = ()


def address(text: str, where: str = 'address') -> str:
    """A bare mail address as it goes over the wire (RFC 5321, 4.1.2).

    A domain beyond ASCII is put into its ASCII form; quoted local parts,
    display names and addresses that need SMTPUTF8 are not taken. Raises
    InvalidInput.
    """
    local, _, name = text.strip().rpartition('@')
    if len(local) <= 64 and _LOCAL.fullmatch(local):
        return f'{local}@{domain(name, where)}'
    raise errors.InvalidInput(f'{text[:80]!r} is not a mail address', where)


def domain(text: str, where: str = 'domain') -> str:
    """A domain's name in ASCII. Raises InvalidInput."""
    try:
        name = text.encode('idna').decode('ascii')
    except UnicodeError:
        name = ''
    if len(name) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(name):
        return name
    raise errors.InvalidInput(f'{text[:80]!r} is not a domain', where)


def message_id(local: str, brand_domain: str) -> str:
    """A message's id (RFC 5322, 3.6.4). Raises InvalidInput."""
    if not _LOCAL.fullmatch(local):
        raise errors.InvalidInput(
            f'{local[:80]!r} is not an id for a message', 'message_id'
        )
    return f'<{local}@{brand_domain}>'
