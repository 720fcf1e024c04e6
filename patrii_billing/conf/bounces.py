# SPDX-License-Identifier: Apache-2.0
"""Where mails come back to, and how that mailbox is read."""

from oslo_config import cfg

GROUP = 'bounces'

_HELP = """
Mails that were accepted by the mail server and came back later. Have them
delivered to a mailbox of their own, whose address is `[mail] envelope_from`,
and let this service read it: a last warning that comes back stops the deletion
that rests on it, and an address that does not exist is written to no more
before its account's contacts are set anew. Nothing in the mailbox is ever
deleted: empty it yourself from time to time.
"""

_MAILBOX = (
    cfg.StrOpt(
        'driver',
        default='none',
        choices=[
            (
                'none',
                'No mailbox is read. A person should: what came back was '
                'told to nobody.',
            ),
            (
                'maildir',
                'A folder of this host, or one that all hosts share, which '
                'the mail server delivers to. What was read is moved to its '
                'folders Read, Other (what is no bounce of ours) and Unclear '
                '(what a person should look at).',
            ),
            (
                'imap',
                'A mailbox on another host. What was read keeps its place '
                'and is marked with the keyword PatriiRead, or as seen where '
                'the server knows no such keywords; what a person should '
                'look at is flagged.',
            ),
        ],
        help='How mails that came back are read.',
    ),
    cfg.StrOpt(
        'maildir',
        default='/var/lib/patrii_billing/bounces',
        help="""
The maildir, with its folders new, cur and tmp: make it yourself, since mail
servers make it with the first mail only, and one that is not there counts as
one that cannot be read. The service's user must be able to read and to rename
the files in it.
""",
    ),
    cfg.HostAddressOpt(
        'imap_host', default='localhost', help='The IMAP server.'
    ),
    cfg.PortOpt(
        'imap_port',
        default=993,
        help='Its port: usually 993, or 143 with imap_tls = starttls.',
    ),
    cfg.StrOpt(
        'imap_tls',
        default='tls',
        choices=[
            ('none', 'In the clear: only for a server on this very host.'),
            ('starttls', 'Begin in the clear, go on encrypted or not at all.'),
            ('tls', 'Encrypted from the first byte.'),
        ],
        help="""
How the connection is protected. The server's certificate is verified; where
that fails, the mailbox counts as one that cannot be read.
""",
    ),
    cfg.StrOpt(
        'imap_cafile',
        default='',
        help="""
File with the certificates (PEM) of the authorities to trust for the server,
or with its own if it is self-signed. Empty trusts those of the system.
""",
    ),
    cfg.StrOpt('imap_user', default='', help='User to log in with.'),
    cfg.StrOpt(
        'imap_password',
        default='',
        secret=True,
        help='Password to log in with.',
    ),
    cfg.StrOpt(
        'imap_folder',
        default='INBOX',
        help='The folder that mails come back to.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=30,
        min=1,
        help='Seconds to wait for each answer of the IMAP server.',
    ),
)

_PACE = (
    cfg.StrOpt(
        'every',
        default='1m',
        help="""
How often the mailbox is looked into, by one host at a time. Longer spares the
IMAP server; a deletion that has come due meanwhile does not wait for the next
look.
""",
    ),
    cfg.StrOpt(
        'unread_after',
        default='6h',
        help="""
For how long the mailbox may not have been read before the operators are told.
From then on no server is deleted by the ladder, since nobody knows whether
its warning has come back, until the mailbox could be read again.
""",
    ),
    cfg.IntOpt(
        'max_size',
        default=1048576,
        min=1024,
        help="""
How many bytes of a mail are read. What it says of the mail that came back
stands at its beginning; the rest is a copy of that.
""",
    ),
)


def _group() -> cfg.OptGroup:
    """A new one each time: it holds the options registered into it."""
    return cfg.OptGroup(GROUP, title='Mails that come back', help=_HELP)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(_group())
    conf.register_opts([*_MAILBOX, *_PACE], group=GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    return [(_group(), [*_MAILBOX, *_PACE])]
