# SPDX-License-Identifier: Apache-2.0
"""What holds for customers that say nothing else, and for all bills."""

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
    cfg.DictOpt(
        'taxes',
        default={},
        sample_default='VAT:20',
        help="""
Taxes of an account that is imported without any: the name of each and its
rate in percent, as VAT:20. It changes none that is in the books already.
""",
    ),
    cfg.StrOpt(
        'tax_rounding',
        default='line',
        choices=(
            ('line', 'on each line of an invoice'),
            ('total', 'once for each rate, on the whole invoice'),
        ),
        help="""
Where taxes are rounded to the smallest unit of the currency. What the law of
your country asks for; the lines of an invoice add up in both ways.
""",
    ),
    cfg.IntOpt(
        'max_lines',
        default=1000,
        min=1,
        help="""
Lines of an invoice from which on they are counted by max_lines_per_day. An
account whose invoice is beyond one of these bounds is parked: it gets none,
and the operator is told, until he has looked at it.
""",
    ),
    cfg.IntOpt(
        'max_lines_per_day',
        default=100,
        min=1,
        help="""
Most lines of an invoice for each day of its period. Raise it for customers
who come and go with many servers a day.
""",
    ),
    cfg.IntOpt(
        'max_growth',
        default=20,
        min=1,
        help="""
How many times the one before it an invoice may come to.
""",
    ),
    cfg.StrOpt(
        'growth_from',
        default='1000',
        help="""
Up to this sum, in whole units of its currency, an invoice is not compared
with the one before it.
""",
    ),
    cfg.IntOpt(
        'max_months_past',
        default=24,
        min=0,
        help="""
How many months ago the period of an invoice may begin.
""",
    ),
    cfg.IntOpt(
        'max_months_ahead',
        default=14,
        min=0,
        help="""
How many months from now the period of an invoice may begin.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='New customers and bills')


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_OPTIONS, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), list(_OPTIONS))]
