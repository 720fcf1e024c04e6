# SPDX-License-Identifier: Apache-2.0
"""Whose invoices they are: the seller, his bank, his looks."""

import base64
from dataclasses import dataclass
import pathlib
import re

from patrii_billing.domain import document
from patrii_billing.domain import reference
from patrii_billing import errors

_COLOUR = re.compile(r'#[0-9a-fA-F]{6}')
_COUNTRY = re.compile(r'[A-Z]{2}')
_IBAN = re.compile(r'[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}')
_BIC = re.compile(r'[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?')
_LOGO_TYPES = {
    '.gif': 'image/gif',
    '.jpeg': 'image/jpeg',
    '.jpg': 'image/jpeg',
    '.png': 'image/png',
    '.svg': 'image/svg+xml',
    '.webp': 'image/webp',
}
# It is in each document, and in each mail that has one attached.
_LARGEST_LOGO = 500_000


@dataclass(frozen=True, slots=True)
class Bank:
    """Where a payer sends his money; empty without an IBAN or a number."""

    holder: str = ''
    account: str = ''  # an IBAN, or what is used where there is none
    bic: str = ''
    name: str = ''

    def __post_init__(self) -> None:
        if self.bic and not _BIC.fullmatch(self.bic):
            raise errors.InvalidInput(
                f'{self.bic!r} is not a BIC', '[document] bank_bic'
            )
        if _IBAN.fullmatch(self.iban) and not reference.is_sound(self.iban):
            raise errors.InvalidInput(
                f'the check digits of {self.account!r} are wrong',
                '[document] bank_account',
            )

    @property
    def iban(self) -> str:
        """The account without blanks, if it looks like an IBAN."""
        text = ''.join(self.account.split()).upper()
        return text if _IBAN.fullmatch(text) else ''

    @property
    def shown(self) -> str:
        """The account as people read it: an IBAN in groups of four."""
        return reference.spaced(self.iban) or self.account


@dataclass(frozen=True, slots=True)
class Brand:
    """The seller as the configuration knows him today.

    An old invoice that is written anew shows this seller; its sums, its words
    and its customer are those of the day of issue. Who moves or changes his
    name and needs the old head keeps the files made before, or renders with
    a configuration that has it. Raises InvalidInput.
    """

    seller: document.Party
    bank: Bank = Bank()
    registration: str = ''  # the number in the register of companies
    email: str = ''
    phone: str = ''
    pay_url: str = ''
    note: str = ''  # below the lines, as a law may ask for
    footer: str = ''  # at the foot of each page
    logo: str = ''  # the path of a picture
    accent: str = '#1f4fa3'
    paper: str = 'A4'
    templates: str = ''  # a folder that is searched before the packaged one
    untaxed: str = ''  # category of UNTDID 5305 of what bears no tax
    untaxed_why: str = ''

    def __post_init__(self) -> None:
        country = self.seller.country
        if country and not _COUNTRY.fullmatch(country):
            raise errors.InvalidInput(
                f'{country!r} is not a code of ISO 3166-1, as FR',
                '[document] seller_country',
            )
        # It goes into the style sheet as it is.
        if not _COLOUR.fullmatch(self.accent):
            raise errors.InvalidInput(
                f'{self.accent!r} is not a colour, as #1f4fa3',
                '[document] accent',
            )
        if self.templates and not pathlib.Path(self.templates).is_dir():
            raise errors.InvalidInput(
                f'{self.templates!r} is not a folder', '[document] templates'
            )

    def logo_url(self) -> str:
        """The picture itself as a URL. Raises InvalidInput."""
        if not self.logo:
            return ''
        path = pathlib.Path(self.logo)
        kind = _LOGO_TYPES.get(path.suffix.lower())
        if kind is None:
            raise _bad_logo(f'{self.logo!r} is not one of {_suffixes()}')
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _bad_logo(f'{self.logo!r}: {error.strerror}') from None
        if len(content) > _LARGEST_LOGO:
            raise _bad_logo(
                f'{self.logo!r} has more than {_LARGEST_LOGO:,} bytes'
            )
        return f'data:{kind};base64,{base64.b64encode(content).decode()}'


def _suffixes() -> str:
    return ', '.join(_LOGO_TYPES)


def _bad_logo(reason: str) -> errors.InvalidInput:
    return errors.InvalidInput(reason, '[document] logo')

