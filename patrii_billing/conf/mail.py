# SPDX-License-Identifier: Apache-2.0
"""How notices reach people: the mail server, the sender, the brand."""

from oslo_config import cfg

GROUP = 'mail'

_HELP = """
How notices are sent, and whose name they bear. A deletion rests on a last
warning that the mail server has accepted: as long as mails cannot be sent,
the ladder waits, and nothing is deleted.
"""

_DELIVERY = (
    cfg.StrOpt(
        'driver',
        default='smtp',
        choices=[
            ('smtp', 'Hand mails over to a mail server.'),
            (
                'folder',
                'Write them as files into `folder`, which counts as accepted. '
                'For demonstrations and try-outs: never where servers of real '
                'customers are enforced.',
            ),
            ('none', 'Send nothing: notices wait, and the ladder with them.'),
        ],
        help='What is done with a mail.',
    ),
    cfg.HostAddressOpt(
        'smtp_host',
        default='localhost',
        help="""
The mail server that takes our mails and delivers them. It should queue and
sign (DKIM) them itself: what it has accepted counts as told to the customer.
""",
    ),
    cfg.PortOpt(
        'smtp_port',
        default=25,
        help="""
Its port: usually 25 without login, 587 with smtp_tls = starttls, 465 with
smtp_tls = tls.
""",
    ),
    cfg.StrOpt(
        'smtp_tls',
        default='none',
        choices=[
            ('none', 'In the clear: only for a server on this very host.'),
            ('starttls', 'Begin in the clear, go on encrypted or not at all.'),
            ('tls', 'Encrypted from the first byte.'),
        ],
        help="""
How the connection is protected. The server's certificate is verified; where
that fails, mails wait and are tried again.
""",
    ),
    cfg.StrOpt(
        'smtp_cafile',
        default='',
        help="""
File with the certificates (PEM) of the authorities to trust for the mail
server, or with its own if it is self-signed. Empty trusts those of the
system.
""",
    ),
    cfg.BoolOpt(
        'smtp_insecure',
        default=False,
        help="""
Take any certificate of the mail server. Whoever sits in between then reads
the mails and the password, and can swallow warnings; prefer smtp_cafile.
""",
    ),
    cfg.StrOpt(
        'smtp_user',
        default='',
        help="""
User to log in with. Empty does not log in. Without smtp_tls the password
crosses the network in the clear.
""",
    ),
    cfg.StrOpt(
        'smtp_password',
        default='',
        secret=True,
        help='Password to log in with.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=30,
        min=1,
        help="""
Seconds to wait for each answer of the mail server. Raise it if mails end as
`unknown` because the server answers late after it has read one: warnings are
then sent again, and customers get them twice. While a server hangs, all other
mails of a worker wait for about twice as long.
""",
    ),
    cfg.IntOpt(
        'per_minute',
        default=0,
        min=0,
        max=1_000_000,
        help="""
How many mails to hand over in a minute, at most: no sixty seconds see more of
them begin, over all workers of all hosts together, as exactly as the clocks
of the hosts agree. The rest waits in the order of urgency: alarms to the
operators first, then last warnings, receipts last; and whatever has waited a
day goes first. Set it if your mail server, or the one that it relays to,
takes only so many. Too low a pace delays warnings, and so the ladder. 0 sets
no limit.
""",
    ),
    cfg.StrOpt(
        'folder',
        default='/var/lib/patrii_billing/mail',
        help='Where the driver `folder` writes its files.',
    ),
)

_PEOPLE = (
    cfg.StrOpt(
        'sender',
        default='billing@localhost',
        help="""
Whom mails come from: an address, with a name if you like, as `Acme Cloud
<billing@example.com>`. Put the name in double quotes if it holds a comma.
Its domain should be the one that the mail server signs for.
""",
    ),
    cfg.StrOpt(
        'envelope_from',
        default='',
        help="""
Address that bounces go to. Empty sends them to the sender's address. Have a
person or a program read it: a customer whose mails bounce was not told.
""",
    ),
    cfg.StrOpt(
        'reply_to',
        default='',
        help="""
Address that answers go to. Empty takes `support`, and without that the
sender's address.
""",
    ),
    cfg.ListOpt(
        'operators',
        default=[],
        sample_default=['cloud-ops@example.com'],
        help="""
Addresses that alarms are mailed to: a cap reached, a server that cannot be
restored, a warning that was refused. Empty leaves alarms to the timeline and
the health check alone.
""",
    ),
    cfg.StrOpt(
        'operators_locale',
        default='en',
        help="""
The language of alarms, as `fr`, and so of their commands' explanations.
Instants in them are in UTC.
""",
    ),
)

_BRAND = (
    cfg.StrOpt(
        'brand_name',
        default='Cloud Billing',
        help='Name of your cloud, as customers know it; it signs each mail.',
    ),
    cfg.StrOpt(
        'message_domain',
        default='localhost',
        sample_default='example.com',
        help="""
Domain in the ids of our mails; a domain of your own, so that no other
sender's mails can have the same ids. A change of it starts new threads in
customers' mailboxes.
""",
    ),
    cfg.URIOpt(
        'pay_url',
        schemes=['http', 'https'],
        help="""
Page where customers pay. It becomes the button in each mail that asks for
money; unset leaves the button out, and customers have only the invoice.
""",
    ),
    cfg.StrOpt(
        'support',
        default='',
        help="""
Mail address where a person answers customers. It stands in each mail; empty
leaves the sentence out.
""",
    ),
    cfg.URIOpt(
        'support_url',
        schemes=['http', 'https'],
        help='Page where customers find help. Unset leaves it out.',
    ),
    cfg.StrOpt(
        'phone',
        default='',
        help='A number customers may call. Empty takes `[document] phone`.',
    ),
    cfg.MultiStrOpt(
        'address',
        default=[],
        help="""
Your address at the foot of each mail: repeat the option for each line of it.
Empty takes `[document] seller_address`. Many countries want it there.
""",
    ),
    cfg.StrOpt(
        'footer',
        default='',
        help="""
What stands below it, as a legal form. Empty takes `[document] footer`.
""",
    ),
    cfg.BoolOpt(
        'attach_invoices',
        default=True,
        help="""
Send the invoice as PDF with each mail that brings it or asks to pay it, and
the credit note with its mail. It needs the extra `pdf` and half a second of a
processor for each. Where a document cannot be written, the mail goes without
it and the operators are told once a day. Turn it off if customers find their
invoices elsewhere, or if the extra is not installed.
""",
    ),
    cfg.StrOpt(
        'logo',
        default='',
        help="""
Picture for the head of each mail, instead of the name: a file of PNG, JPEG or
GIF of at most 100 kB; mail programs show no SVG. It is a part of each mail,
shown at most 48 pixels high: give it twice that for sharp screens. Where
pictures are not shown, your name stands there.
""",
    ),
    cfg.StrOpt(
        'accent',
        default='',
        help="""
Your colour, as #1f4fa3, for the edge and the button. Words on it are black or
white, whichever can be read. Empty takes `[document] accent`.
""",
    ),
    cfg.StrOpt(
        'templates',
        default='',
        help="""
Folder with templates of your own, searched before the packaged ones, file by
file: `en/grace.txt.j2` in it replaces that part of that mail, and
`plans/gold/en/grace.txt.j2` does so for subscriptions of the plan gold alone.
A folder named after a locale (`de`, `fr_CA`) adds a language: write all three
parts of a mail, and its customers get English for those that are missing.
`layout.html.j2` holds what all mails share; the styles of `layout.css` go to
the elements, those of `screen.css` stay for small and dark screens. The name
of a file that others include begins with `_`. At its start the service
tries them all on samples and refuses to start with one that is broken. One
that breaks later is passed over: the packaged mail is sent instead, and the
operators are told once. Each process reads a template once: restart the
service after a change.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(
        GROUP, title='Mails to customers and operators', help=_HELP
    )


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts([*_DELIVERY, *_PEOPLE, *_BRAND], group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), [*_DELIVERY, *_PEOPLE, *_BRAND])]
