# SPDX-License-Identifier: Apache-2.0
"""The seller as he stands on invoices, and how they look."""

from oslo_config import cfg

GROUP = 'document'

_HELP = """
What invoices say of the seller, and how they look. An invoice is written from
the books whenever somebody asks for it: its sums, its words and its customer
are those of the day of issue, but the seller is always the one of this
section. After a move or a change of name keep the documents made before, or
the old section in a file of its own to render old invoices with.
"""

_SELLER = (
    cfg.StrOpt(
        'seller_name',
        default='',
        help="""
Your full legal name. Empty takes `[mail] brand_name`, which is seldom enough
for an invoice.
""",
    ),
    cfg.MultiStrOpt(
        'seller_address',
        default=[],
        help="""
Your address without the country: repeat the option for each line of it.
""",
    ),
    cfg.StrOpt(
        'seller_country',
        default='',
        help='Your country by ISO 3166-1, as FR. E-invoices need it.',
    ),
    cfg.StrOpt(
        'seller_tax_id',
        default='',
        help="""
The number you are taxed under; for VAT with the prefix of its country, as
FR40303265045. Tax law and e-invoices ask for it.
""",
    ),
    cfg.StrOpt(
        'registration',
        default='',
        help='Your number in the register of companies, if you have one.',
    ),
    cfg.StrOpt(
        'email',
        default='',
        help="""
Mail address for questions about an invoice. Empty takes `[mail] support`.
""",
    ),
    cfg.StrOpt('phone', default='', help='A number for the same.'),
)

_BANK = (
    cfg.StrOpt(
        'bank_holder',
        default='',
        help='Who the bank account belongs to. Empty takes the seller.',
    ),
    cfg.StrOpt(
        'bank_account',
        default='',
        help="""
Where customers pay to: an IBAN, whose check digits are verified, or the
number of the account where there is none. Empty names no account, for those
who are paid by other ways only; `[mail] pay_url` is on each unpaid invoice
too.
""",
    ),
    cfg.StrOpt('bank_bic', default='', help='The BIC of that bank.'),
    cfg.StrOpt('bank_name', default='', help='The name of that bank.'),
)

_LOOKS = (
    cfg.StrOpt(
        'logo',
        default='',
        help="""
Picture for the head of each invoice, instead of the name: a file of PNG, SVG,
JPEG, GIF or WebP of at most 500 kB. It becomes part of each document.
""",
    ),
    cfg.StrOpt(
        'accent',
        default='#1f4fa3',
        help='Your colour, as #1f4fa3. A light one is hard to read.',
    ),
    cfg.StrOpt(
        'paper',
        default='A4',
        choices=['A4', 'letter'],
        help='What PDF is made for.',
    ),
    cfg.StrOpt(
        'note',
        default='',
        help="""
What a law wants to be said below the lines, in the words it wants: an
exemption, a reverse charge, what is due on late payment.
""",
    ),
    cfg.StrOpt(
        'footer',
        default='',
        help='What stands at the foot of each page, as a legal form.',
    ),
    cfg.StrOpt(
        'templates',
        default='',
        help="""
Folder with files of your own, searched before the packaged ones, file by
file: `invoice.html.j2`, `invoice.css`, and the words of each language, as
`words/de.toml`. A file with the words of another locale adds it. Each process
reads a file once: restart the service after a change.
""",
    ),
)

_ELECTRONIC = (
    cfg.StrOpt(
        'untaxed',
        default='',
        choices=[
            ('', 'Refuse an e-invoice with lines that bear no tax.'),
            ('E', 'They are exempt from VAT.'),
            ('Z', 'They are taxed at zero percent.'),
            ('AE', 'The customer owes the VAT (reverse charge).'),
            ('K', 'They are supplied within the European Union.'),
            ('G', 'They are exported from the European Union.'),
            ('O', 'They are no matter of VAT.'),
        ],
        help="""
Why lines without tax have none, as an e-invoice (Factur-X, ZUGFeRD) must say
it: a category of UNTDID 5305. It holds for all customers.
""",
    ),
    cfg.StrOpt(
        'untaxed_why',
        default='',
        help='The same in words, with the article of the law.',
    ),
)

_ALL = [*_SELLER, *_BANK, *_LOOKS, *_ELECTRONIC]


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Invoices on paper', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts(_ALL, group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), _ALL)]
