# SPDX-License-Identifier: Apache-2.0
"""Events as Stripe shapes them, as far as a payment is concerned."""

from collections.abc import Sequence
import datetime as dt
import hashlib
import hmac
import json
from typing import Any

SECRET = 'whsec_5f1c0d9e8b7a69584736251403f2e1d0'
OLD_SECRET = 'whsec_0d1e2f304152637485968a7b8c9d0e1f'
INTENT = 'pi_3MtwBwLkdIwHu7ix28a3tqPa'
CHARGE = 'ch_3MtwBwLkdIwHu7ix0fakeRCP'
CUSTOMER = 'cus_NffrFeUfNV2Hib'
INVOICE = 'in_1MtHbELkdIwHu7ixl4OzzPMv'


def event(id_: str, type_: str, **object_: Any) -> dict[str, Any]:
    return {
        'id': f'evt_{id_}', 'object': 'event', 'type': type_,
        'api_version': '2025-03-31.basil', 'created': 1769904000,
        'livemode': True, 'pending_webhooks': 1,
        'request': {'id': None, 'idempotency_key': None},
        'data': {'object': object_},
    }  # fmt: skip


def intent(
    id_: str, name: str, amount: int = 1000, **more: Any
) -> dict[str, Any]:
    """payment_intent.NAME"""
    received = amount if name == 'succeeded' else 0
    return event(
        id_, f'payment_intent.{name}',
        **{
            'id': INTENT, 'object': 'payment_intent', 'amount': amount,
            'amount_capturable': 0, 'amount_received': received,
            'capture_method': 'automatic_async', 'currency': 'eur',
            'created': 1769904000, 'customer': CUSTOMER,
            'last_payment_error': None, 'latest_charge': CHARGE,
            'livemode': True, 'metadata': {},
            'payment_method_types': ['card', 'sepa_debit'],
            'status': name, 'transfer_group': None, **more,
        },
    )  # fmt: skip


def failed(id_: str, **more: Any) -> dict[str, Any]:
    error = {
        'code': 'card_declined', 'decline_code': 'generic_decline',
        'message': 'Your card was declined.', 'type': 'card_error',
    }  # fmt: skip
    return intent(
        id_, 'payment_failed', status='requires_payment_method',
        last_payment_error=error, **more,
    )  # fmt: skip


def refunded(id_: str, so_far: int, amount: int = 1000) -> dict[str, Any]:
    """charge.refunded: all that went back of it so far."""
    return event(
        id_, 'charge.refunded',
        id=CHARGE, object='charge', amount=amount, amount_captured=amount,
        amount_refunded=so_far, balance_transaction='txn_3MtwBwLkdIwHu7ix',
        captured=True, currency='eur', customer=CUSTOMER, disputed=False,
        metadata={}, paid=True, payment_intent=INTENT,
        refunded=so_far == amount, status='succeeded',
    )  # fmt: skip


def refund(id_: str, name: str, amount: int, **more: Any) -> dict[str, Any]:
    """refund.created: one part of it."""
    return event(
        id_, 'refund.created',
        **{
            'id': name, 'object': 'refund', 'amount': amount,
            'charge': CHARGE, 'currency': 'eur', 'metadata': {},
            'payment_intent': INTENT, 'reason': 'requested_by_customer',
            'status': 'succeeded', **more,
        },
    )  # fmt: skip


def dispute(
    id_: str, name: str, status: str = 'needs_response', amount: int = 1000
) -> dict[str, Any]:
    """charge.dispute.NAME"""
    return event(
        id_, f'charge.dispute.{name}',
        id='du_1MtJUT2eZvKYlo2CNaw2HvEv', object='dispute', amount=amount,
        balance_transactions=[], charge=CHARGE, currency='eur', evidence={},
        is_charge_refundable=False, metadata={}, payment_intent=INTENT,
        reason='fraudulent', status=status,
    )  # fmt: skip


def invoice(id_: str, name: str, **more: Any) -> dict[str, Any]:
    """invoice.NAME of an older version, which names the intent."""
    return event(
        id_, f'invoice.{name}',
        **{
            'id': INVOICE, 'object': 'invoice', 'amount_due': 1000,
            'amount_paid': 1000, 'amount_remaining': 0, 'currency': 'eur',
            'customer': CUSTOMER, 'billing_reason': 'subscription_cycle',
            'metadata': {}, 'number': 'B5E7-0001', 'payment_intent': INTENT,
            'status': 'paid', **more,
        },
    )  # fmt: skip


def session(
    id_: str, name: str = 'completed', paid: str = 'paid', **more: Any
) -> dict[str, Any]:
    """checkout.session.NAME"""
    return event(
        id_, f'checkout.session.{name}',
        **{
            'id': 'cs_test_a11YYufWQzNY63zpQ6QSNRQh',
            'object': 'checkout.session', 'amount_subtotal': 1000,
            'amount_total': 1000, 'client_reference_id': None,
            'currency': 'eur', 'customer': CUSTOMER, 'metadata': {},
            'mode': 'payment', 'payment_intent': INTENT,
            'payment_status': paid, 'status': 'complete', **more,
        },
    )  # fmt: skip


def card_in_parts() -> list[dict[str, Any]]:
    """A card at the second try, of which 500 are refunded in two parts."""
    return [
        failed('1'),
        intent('2', 'succeeded'),
        session('3'),
        refund('4', 're_1', 200),
        refunded('5', 200),
        refund('6', 're_2', 300),
        refunded('7', 500),
    ]


def headers(
    body: bytes,
    at: dt.datetime,
    secrets: Sequence[str] = (SECRET,),
) -> dict[str, str]:
    """What Stripe sends with a body: a signature for each secret."""
    stamp = str(int(at.timestamp()))
    signed = f'{stamp}.'.encode() + body
    parts = [f't={stamp}']
    for secret in secrets:
        digest = hmac.new(secret.encode(), signed, hashlib.sha256)
        parts.append(f'v1={digest.hexdigest()}')
    return {
        'Stripe-Signature': ','.join([*parts, 'v0=6ffbb59b2300aae63f272406']),
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    }


def written(told: Any) -> bytes:
    return json.dumps(told, indent=2).encode()
