# SPDX-License-Identifier: Apache-2.0
"""Statements of ISO 20022, camt.053 from its second version on.

Names are those of the message: Ntry is an entry of the account, TxDtls one
transfer of those that it sums up.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import datetime as dt
import re
from typing import NoReturn

from patrii_billing.bank import tree
from patrii_billing.domain import money
from patrii_billing.domain import statement
from patrii_billing import errors

_SPACE = 'urn:iso:std:iso:20022:tech:xsd:'
_VERSION = re.compile(re.escape(_SPACE) + r'camt\.053\.001\.(?!01$)[0-9]{2}')
_DEPTHS = {'Stmt': 2, 'Acct': 3, 'Ntry': 3}
# What banks and payers write where they have nothing to say.
_NOTHING = frozenset({'NOTPROVIDED', 'NONREF', 'NOREF', 'UNKNOWN', '-', '0'})
_SIGN = {'CRDT': 1, 'DBIT': -1}


def read(chunks: Iterable[bytes], source: str) -> list[statement.Entry]:
    """The booked entries of a file, in its order, each with its key.

    Entries that are pending or for information come again when they are
    booked. Raises InvalidInput with 'FILE:LINE: FIELD' for what is no such
    statement, or says what cannot be.
    """
    entries: list[statement.Entry] = []
    for account, rows in _statements(chunks, source):
        entries += statement.keyed(rows, account)
    return entries


def _statements(
    chunks: Iterable[bytes], source: str
) -> Iterator[tuple[str, list[statement.Entry]]]:
    """The account and the entries of each statement, its pages joined."""
    account = page_account = ''
    rows: list[statement.Entry] = []
    page: list[statement.Entry] = []
    known = False
    for element in tree.read(chunks, source, _DEPTHS):
        if not known:
            _check(element, source)
            known = True
        if element.name == 'Acct':
            page_account = _account(element)
        elif element.name == 'Ntry':
            page += _Entry(element, source).read()
        elif element.name == 'Stmt':
            if not _continues(element) or page_account != account:
                yield account, rows
                account, rows = page_account, []
            rows += page
            page, page_account = [], ''
    yield account, rows


def _check(element: tree.Element, source: str) -> None:
    if not _VERSION.fullmatch(element.namespace):
        name = element.namespace.removeprefix(_SPACE) or 'nothing known'
        raise errors.InvalidInput(
            f'is {name[:80]}, and not camt.053', f'{source}:{element.line}'
        )


def _account(element: tree.Element) -> str:
    number = element.said('Id/IBAN', 'Id/Othr/Id')
    return ''.join(number.split()).upper()


def _continues(element: tree.Element) -> bool:
    page = element.said('StmtPgntn/PgNb')
    return page.isdecimal() and int(page) > 1


class _Entry:
    """An Ntry on its way to one entry for each of its transfers."""

    def __init__(self, element: tree.Element, source: str) -> None:
        self._element = element
        self._source = source

    def read(self) -> list[statement.Entry]:
        ntry = self._element
        if self._needed(ntry, 'Sts/Cd', 'Sts') != 'BOOK':
            return []
        total = self._amount(ntry, ntry, 'Amt')
        sign = self._sign(ntry)
        details = ntry.all('NtryDtls/TxDtls')
        if len(details) < 2:
            tx = details[0] if details else None
            return [self._transfer(tx, total, sign)] if total.minor else []
        parts = [self._part(tx, sign) for tx in details]
        if sum(parts, 0) != total.minor * sign:
            return [
                self._transfer(None, total, sign, 'its parts do not add up')
            ]
        return [
            self._transfer(
                tx,
                money.Money(abs(part), total.currency),
                1 if part > 0 else -1,
            )
            for tx, part in zip(details, parts, strict=True)
            if part
        ]

    def _transfer(
        self,
        tx: tree.Element | None,
        amount: money.Money,
        sign: int,
        doubt: str = '',
    ) -> statement.Entry:
        ntry = self._element
        at = tx or ntry
        does = self._does(tx, sign)
        if does is statement.Does.RETURNED:
            doubt = doubt or 'it was paid out before'
        paid = statement.Does.PAID_IN, statement.Does.TAKEN_BACK
        # A reversal keeps the sides of what it takes back.
        side = 'Dbtr' if does in paid else 'Cdtr'
        return statement.Entry(
            where=f'{self._source}:{at.line}',
            booked=self._day(ntry),
            amount=amount.minor,
            currency=amount.currency,
            does=does,
            payer=at.said(
                f'RltdPties/{side}/Pty/Nm', f'RltdPties/{side}/Nm',
                f'RltdPties/{side}Acct/Id/IBAN',
            ),
            text=_text(ntry, tx),
            references=tuple(
                one.text
                for one in at.all('RmtInf/Strd/CdtrRefInf/Ref')
                if one.text
            ),
            end_to_end=_real(at.said('Refs/EndToEndId')),
            bank_id=_bank_id(ntry, tx),
            doubt=doubt,
        )  # fmt: skip

    def _does(self, tx: tree.Element | None, sign: int) -> statement.Does:
        """By ISO 20022 a reversal has the sign of what it does itself.

        So a debit that is a reversal, or that says why it was returned,
        takes back what was paid in.
        """
        told = self._element.said('RvslInd')
        if told not in ('', 'true', 'false', '1', '0'):
            self._refuse(self._element, 'RvslInd', f'{told!r} is no boolean')
        back = told in ('true', '1')
        back = back or (tx is not None and tx.first('RtrInf') is not None)
        if sign > 0:
            return statement.Does.RETURNED if back else statement.Does.PAID_IN
        return statement.Does.TAKEN_BACK if back else statement.Does.PAID_OUT

    def _part(self, tx: tree.Element, sign: int) -> int:
        """The signed amount of one of several transfers, in minor units."""
        for path in ('Amt', 'AmtDtls/TxAmt/Amt'):
            if tx.first(path) is not None:
                minor = self._amount(self._element, tx, path).minor
                own = tx.first('CdtDbtInd')
                return minor * (sign if own is None else self._sign(tx))
        return 0

    def _amount(
        self, ntry: tree.Element, at: tree.Element, path: str
    ) -> money.Money:
        """An amount, which must be in the currency of its entry."""
        currency = self._currency(ntry, 'Amt')
        if at is not ntry and self._currency(at, path) != currency:
            return money.Money(0, currency)
        text = self._needed(at, path)
        try:
            read = money.parse(text, currency)
        except errors.InvalidInput as error:
            self._refuse(at, path, error.reason)
        if read.minor < 0:
            self._refuse(at, path, 'must not be negative')
        return read

    def _currency(self, at: tree.Element, path: str) -> str:
        amount = at.first(path)
        if amount is None:
            self._refuse(at, path, 'is missing')
        currency = amount.attributes.get('Ccy', '')
        if currency not in money.DIGITS:
            self._refuse(at, path, f'Ccy {currency!r} is no currency')
        return currency

    def _sign(self, at: tree.Element) -> int:
        word = self._needed(at, 'CdtDbtInd')
        if word not in _SIGN:
            self._refuse(at, 'CdtDbtInd', f'{word!r} is not CRDT or DBIT')
        return _SIGN[word]

    def _day(self, ntry: tree.Element) -> dt.date:
        text = self._needed(
            ntry, 'BookgDt/Dt', 'BookgDt/DtTm', 'ValDt/Dt', 'ValDt/DtTm'
        )
        try:
            # Of a time the local day counts, a date may carry a zone too.
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            self._refuse(ntry, 'BookgDt', f'{text!r} is no day')

    def _needed(self, at: tree.Element, *paths: str) -> str:
        text = at.said(*paths)
        if not text:
            self._refuse(at, paths[0], 'is missing')
        return text

    def _refuse(self, at: tree.Element, path: str, reason: str) -> NoReturn:
        raise errors.InvalidInput(
            reason, f'{self._source}:{at.line}: {at.name}/{path}'
        )


def _text(ntry: tree.Element, tx: tree.Element | None) -> str:
    """All that was written about a transfer, by the payer first."""
    found: list[str] = []
    if tx is not None:
        for path in (
            'RmtInf/Ustrd', 'RmtInf/Strd/RfrdDocInf/Nb',
            'RmtInf/Strd/AddtlRmtInf', 'AddtlTxInf',
        ):  # fmt: skip
            found += [one.text for one in tx.all(path)]
    found = [text for text in found if text]
    return ' '.join(' '.join(found or [ntry.said('AddtlNtryInf')]).split())


def _bank_id(ntry: tree.Element, tx: tree.Element | None) -> str:
    """The bank's name of a transfer, or else of the entry it is in."""
    if tx is not None:
        if own := _real(tx.said('Refs/AcctSvcrRef')):
            return own
        if own := _real(tx.said('Refs/TxId')):
            # A payer's bank gives it, so it is not ours alone.
            return f'{_real(ntry.said("AcctSvcrRef"))}/{own}'
    return _real(ntry.said('AcctSvcrRef'))


def _real(text: str) -> str:
    return '' if text.upper() in _NOTHING else text
