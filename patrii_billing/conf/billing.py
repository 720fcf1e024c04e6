# SPDX-License-Identifier: Apache-2.0
"""What holds for customers that are entered without saying otherwise."""

from oslo_config import cfg

GROUP = 'billing'

_OPTIONS = (
    cfg.StrOpt(
        'currency',
        default='EUR',
        regex='^[A-Z]{3}$',
        help="""
Currency (ISO 4217) of an account or plan that is imported without one. It
changes none that is in the books already.
""",
    ),
    cfg.StrOpt(
        'timezone',
        default='UTC',
        sample_default='Europe/Paris',
        help="""
Time zone, by its name in the tz database, of an account that is imported
without one. The days of its periods and of its ladder begin at midnight
there.
""",
    ),
    cfg.StrOpt(
        'locale',
        default='en',
        help="""
Language of the mails of an account that is imported without one: a language
as `en`, or one with a country as `fr_CA`.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='New customers')


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
