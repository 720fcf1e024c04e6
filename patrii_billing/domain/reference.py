# SPDX-License-Identifier: Apache-2.0
"""What a payer is to write: an ISO 11649 creditor reference per invoice."""

import re

from patrii_billing import errors

_DIGITS = 8  # of a number, so that no two invoices share a reference
_LONGEST = 21  # after the check digits, by ISO 11649
_APART = re.compile(r'[^0-9A-Z]')
_START = re.compile(r'(?=RF[0-9]{2})')


def of_invoice(series: str, number: int) -> str:
    """RF, two check digits, the series and the number in eight digits.

    Raises InvalidInput for a series that is no more than letters, digits and
    what stands between them, or too long, or a number of more digits.
    """
    name = _compact(series)
    if not name.isascii() or not 0 < number < 10**_DIGITS:
        raise errors.InvalidInput('has no reference', 'number')
    body = f'{name}{number:0{_DIGITS}}'
    if not name or len(body) > _LONGEST:
        raise errors.InvalidInput(
            f'is not 1 to {_LONGEST - _DIGITS} letters and digits', 'series'
        )
    return f'RF{98 - _remainder(f"{body}RF00"):02}{body}'


def is_sound(reference: str) -> bool:
    """Whether its check digits are right."""
    return _remainder(reference[4:] + reference[:4]) == 1


def found(text: str) -> tuple[str, ...]:
    """Every sound reference in what a payer wrote, however he spaced it.

    One may by chance be longer or shorter than what was meant, and sound (1
    in 97 is): the books know which of them they gave out. In order, of those
    that begin at one place the longest first.
    """
    compact = _compact(text)
    return tuple(
        dict.fromkeys(
            candidate
            for match in _START.finditer(compact)
            for end in range(_LONGEST + 4, 4, -1)
            if len(candidate := compact[match.start() :][:end]) == end
            and is_sound(candidate)
        )
    )


def spaced(reference: str) -> str:
    """In groups of four, as ISO 11649 has it printed."""
    return ' '.join(
        reference[start : start + 4] for start in range(0, len(reference), 4)
    )


def _compact(text: str) -> str:
    return _APART.sub('', text.upper())


def _remainder(text: str) -> int:
    """ISO 7064, MOD 97-10: a letter is a number from A, 10, to Z, 35."""
    return int(''.join(str(int(sign, 36)) for sign in text)) % 97
