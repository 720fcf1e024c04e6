# SPDX-License-Identifier: Apache-2.0
"""How the engine is to behave; wiring reads it from the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import zlib

from patrii_billing.domain import bounds
from patrii_billing.domain import policy as policies

_S = dt.timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """Spans in wall-clock time; counts are actions or rows."""

    policy: policies.Policy = policies.Policy()
    # Bills.
    tax_rounding: str = 'line'
    limits: bounds.Limits = bounds.DEFAULT
    dry_run: bool = True
    approval: Sequence[str] = ()  # types of action that wait for a person
    # The blast radius: at a cap enforcement stops and asks an operator.
    max_shelves_per_hour: int = 50
    max_deletes_per_hour: int = 10
    max_delete_share: int = 10  # per cent of the fleet in 30 days
    min_delete_cap: int = 10  # a small fleet's cap in 30 days
    max_arrears_share: int = 30  # per cent of contracts that fall behind
    min_arrears_cap: int = 10
    # Beyond these the service mistrusts what it believes.
    safe_gap: dt.timedelta = _S(hours=6)
    clock_gap: dt.timedelta | None = _S(days=7)
    clock_slack: dt.timedelta = _S(minutes=2)
    max_missing_share: int = 10  # per cent of the fleet that vanish
    min_missing_cap: int = 10
    silence: dt.timedelta | None = _S(hours=24)
    inbox_age: dt.timedelta = _S(minutes=30)
    sweep_age: dt.timedelta = _S(hours=3)
    unread_after: dt.timedelta | None = None  # bounces; None reads none
    # Pace.
    lease: dt.timedelta = _S(seconds=120)
    batch: int = 100
    charge_batch: int = 500
    poll: dt.timedelta = _S(seconds=1)  # while Nova is at work
    retry: dt.timedelta = _S(seconds=2)  # doubled up to retry_max
    retry_max: dt.timedelta = _S(minutes=5)
    blocked: dt.timedelta = _S(seconds=60)  # dry run, caps, safe mode
    absence_gap: dt.timedelta = _S(seconds=10)  # between two 404s
    stuck_after: dt.timedelta = _S(minutes=10)
    sweep_every: dt.timedelta = _S(minutes=10)
    full_sweep_every: dt.timedelta = _S(hours=1)
    sweep_overlap: dt.timedelta = _S(minutes=5)
    quota_sweep_every: dt.timedelta = _S(hours=1)
    sample_age: dt.timedelta = _S(days=14)
    gauge_gap: dt.timedelta = _S(minutes=10)
    add_up_after: dt.timedelta = _S(hours=1)
    mail_retry: dt.timedelta = _S(minutes=1)
    mail_retry_max: dt.timedelta = _S(hours=1)
    mail_give_up: dt.timedelta = _S(days=3)
    mail_lease: dt.timedelta = _S(seconds=420)  # one mail, with all waits
    mail_per_minute: int = 0  # no limit

    # Other systems.
    delivery_retry: dt.timedelta = _S(seconds=5)
    delivery_retry_max: dt.timedelta = _S(hours=1)
    delivery_give_up: dt.timedelta = _S(days=3)
    keep_delivered: dt.timedelta = _S(days=7)
    keep_dead: dt.timedelta = _S(days=90)
    # Another subscription engine.
    read_every: dt.timedelta = _S(seconds=30)
    read_whole_every: dt.timedelta = _S(hours=24)
    read_overlap: dt.timedelta = _S(minutes=10)
    read_age: dt.timedelta = _S(minutes=30)
    max_gone_share: int = 10  # per cent of the records known
    # What is forgotten; nothing is where it is 0.
    keep_messages: dt.timedelta = _S(days=30)
    keep_mails: dt.timedelta = _S(days=1095)
    keep_documents_years: int = 10

    @property
    def sweep_span(self) -> dt.timedelta:
        """By when a sweep has shown what happened, at the latest."""
        return self.sweep_every + self.sweep_overlap

    def backoff(self, attempts: int) -> dt.timedelta:
        return min(self.retry * float(1 << min(attempts, 16)), self.retry_max)

    def mail_backoff(self, attempts: int, key: str) -> dt.timedelta:
        """The wait after so many attempts before this one.

        What was put off together must not come back together, so each key
        shortens it by a part of its own, up to a quarter.
        """
        whole = min(
            self.mail_retry * float(1 << min(attempts, 16)),
            self.mail_retry_max,
        )
        return whole * (1 - zlib.crc32(f'{key}:{attempts}'.encode()) / 2**34)

    def delivery_backoff(self, attempts: int) -> dt.timedelta:
        return min(
            self.delivery_retry * float(1 << min(attempts, 16)),
            self.delivery_retry_max,
        )
