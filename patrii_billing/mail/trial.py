# SPDX-License-Identifier: Apache-2.0
"""An operator's own templates, tried on samples before the first mail."""

import datetime as dt
import pathlib

import babel

from patrii_billing.domain import mail as mails
from patrii_billing.domain import samples
from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing.mail import render

_DAY = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)
_WHERE = '[mail] templates'
_LAYOUT = 'layout'


def check(brand: compose.Brand) -> None:
    """Have each of the operator's templates say what it would say.

    With the most and with the least there can be, in each language and for
    each plan. Raises InvalidInput, which names the file and the line.
    """
    if not brand.templates:
        return
    for plan in ('', *render.plans(brand.templates)):
        folders = render.folders(brand.templates, plan)
        _check_names(folders[0])
        for language in render.languages(folders):
            for template in mails.TEMPLATES:
                for notice in samples.extremes(template, _DAY, language):
                    _try(brand, notice, folders, language)


def _try(
    brand: compose.Brand,
    notice: mails.NoticeContent,
    folders: render.Folders,
    language: str,
) -> None:
    if not _any(folders, language, notice.template):
        return  # It is written in another language then.
    for part in render.PARTS:
        name = f'{language}/{notice.template}.{part}.j2'
        if not _has(folders, name):
            raise errors.InvalidInput(f'{name} is missing', _WHERE)
    try:
        compose.written(brand, notice, folders)
    except errors.MailNotWritten as error:
        raise errors.InvalidInput(str(error), _WHERE) from error


def _any(folders: render.Folders, language: str, template: str) -> bool:
    return any(
        _has(folders, f'{language}/{template}.{part}.j2')
        for part in render.PARTS
    )


def _has(folders: render.Folders, name: str) -> bool:
    return any(
        (folder / name).is_file() for folder in (*folders, render.PACKAGED)
    )


def _check_names(folder: pathlib.Path) -> None:
    """A file that nobody would ever read is a mistake in its name."""
    for language in render.below(folder):
        if language == render.PLANS:
            continue
        if not _is_locale(language):
            raise errors.InvalidInput(
                f'{folder / language} is not named after a locale, as fr or'
                ' fr_CA',
                _WHERE,
            )
        for path in sorted((folder / language).glob('*.j2')):
            if not _is_known(path.name):
                raise errors.InvalidInput(
                    f'{path} is no part of a notice; the name of a file that'
                    ' others include begins with _',
                    _WHERE,
                )


def _is_locale(name: str) -> bool:
    try:
        return str(babel.Locale.parse(name)) == name
    except (babel.UnknownLocaleError, ValueError):
        return False


def _is_known(name: str) -> bool:
    template, _, rest = name.partition('.')
    return name.startswith('_') or (
        template in (*mails.TEMPLATES, _LAYOUT)
        and rest in {f'{part}.j2' for part in render.PARTS}
    )
