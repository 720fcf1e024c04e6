# SPDX-License-Identifier: Apache-2.0
"""A private postfix and dovecot, so that mails go where mails really go.

Both run from a folder of their own on free ports of the loopback, and leave
the machine's own mail server alone.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

# What each port does; tests choose one.
PORTS = ('smtp', 'plain', 'smtps', 'submission', 'late', 'mute', 'imaps')
# Seconds for an answer that comes later than a test waits for it.
LATE = 2
PATIENCE = 20
# They are there once they listen here.
_STARTED = ('auth', 'lmtp', 'queue/public/qmgr')

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.cloud.example
mynetworks = 127.0.0.0/8
recipient_delimiter = +
smtpd_error_sleep_time = 0
# Nothing here goes out to the world.
mydestination =
alias_maps =
default_transport = error:5.4.4 there is no world outside
virtual_mailbox_domains = people.example, cloud.example
virtual_mailbox_maps = regexp:{folder}/people
virtual_transport = lmtp:unix:{folder}/lmtp
# Taken at the door; what becomes of them shows later.
relay_domains = gone.example, full.example
transport_maps = texthash:{folder}/transport
delay_warning_time = 1s
minimal_backoff_time = 1s
queue_run_delay = 1s
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/access
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_chain_files = {folder}/key.pem, {folder}/certificate.pem
smtpd_tls_session_cache_database =
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
"""
# One connection for each smtpd, so that it reads the access table anew.
_MASTER = """
{smtp} inet n - n - - smtpd -o max_use=1
{plain} inet n - n - - smtpd -o max_use=1
    -o smtpd_tls_security_level=none
{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
{submission} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
    -o smtpd_sasl_auth_enable=yes
    -o {{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject }}
{late} inet n - n - - smtpd
    -o {{ smtpd_end_of_data_restrictions = sleep {seconds} }}
{mute} inet n - n - - smtpd -o smtpd_delay_reject=no
    -o {{ smtpd_client_restrictions = sleep {seconds} }}
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
flush unix n - n 1000? 0 flush
lmtp unix - - n - - lmtp
gone unix - n n - - pipe user=nobody
    argv=/bin/sh -c {{echo 5.1.1 there is no such mailbox; exit 67}}
full unix - n n - - pipe user=nobody
    argv=/bin/sh -c {{echo 4.2.2 the mailbox is full; exit 75}}
"""
_PEOPLE = r"""
!/^nobody/ has a mailbox
"""
_TRANSPORT = """
gone.example gone:
full.example full:
"""
_DOVECOT = """
base_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
auth_failure_delay = 0
auth_mechanisms = plain login
auth_username_format = %Ln
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
# Else it lets those wait who gave a wrong password before.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
"""


@contextlib.contextmanager
def running(
    free_port: Callable[[], int], parent: str | None
) -> Iterator[pathlib.Path]:
    """Run both; yields the folder, whose ports.json names their ports."""
    with tempfile.TemporaryDirectory(dir=parent, prefix='mail-') as name:
        folder = pathlib.Path(name)
        _write(folder, _ports(free_port))
        with _postfix(folder), _dovecot(folder):
            _wait_for_start(folder)
            yield folder
        if os.geteuid() != 0:
            # Else the folder could not be removed.
            _as_root('chown', '-R', str(os.getuid()), name)


@contextlib.contextmanager
def _postfix(folder: pathlib.Path) -> Iterator[None]:
    command = [*_sudo(), 'postfix', '-c', str(folder / 'postfix')]
    # Its words are in the log; at the end its shell says that it was ended.
    with subprocess.Popen(
        [*command, 'start-fg'], stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            subprocess.run([*command, 'stop'], check=False)
            process.wait(PATIENCE)


@contextlib.contextmanager
def _dovecot(folder: pathlib.Path) -> Iterator[None]:
    command = [*_sudo(), 'dovecot', '-F', '-c', str(folder / 'dovecot.conf')]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ports(free_port: Callable[[], int]) -> dict[str, int]:
    ports: set[int] = set()
    while len(ports) < len(PORTS):
        ports.add(free_port())
    return dict(zip(PORTS, ports, strict=True))


def _write(folder: pathlib.Path, ports: dict[str, int]) -> None:
    folder.chmod(0o755)
    for name in ('postfix', 'queue', 'data', 'mail', 'dovecot'):
        (folder / name).mkdir()
    owner = _owner()
    if os.geteuid() == 0:
        shutil.chown(folder / 'mail', owner.pw_uid, owner.pw_gid)
    _as_root('chown', 'postfix', str(folder / 'data'))
    given = {
        'folder': folder,
        'uid': owner.pw_uid,
        'gid': owner.pw_gid,
        'seconds': LATE,
        **ports,
    }
    for name, text in {
        'postfix/main.cf': _MAIN.format(**given),
        'postfix/master.cf': _MASTER.format(**given),
        'dovecot.conf': _DOVECOT.format(**given),
        'people': _PEOPLE,
        'transport': _TRANSPORT,
        'access': '',
        'ports.json': json.dumps(ports),
    }.items():
        (folder / name).write_text(text)
    subprocess.run(
        [
            'openssl', 'req', '-x509', '-nodes', '-days', '2',
            '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
            '-subj', '/CN=localhost',
            '-addext', 'subjectAltName=DNS:localhost',
            '-keyout', folder / 'key.pem', '-out', folder / 'certificate.pem',
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def _owner() -> pwd.struct_passwd:
    """Whose the mailboxes are: root's they may not be."""
    if os.geteuid() == 0:
        return pwd.getpwnam('nobody')
    return pwd.getpwuid(os.getuid())


def _as_root(*command: str) -> None:
    subprocess.run([*_sudo(), *command], check=True)


def _sudo() -> list[str]:
    """Both servers must start as root, and give its rights up themselves."""
    return [] if os.geteuid() == 0 else ['sudo', '-n']


def _wait_for_start(folder: pathlib.Path) -> None:
    """Raises SystemExit with their last words where they do not start."""
    until = time.monotonic() + PATIENCE
    while not all((folder / name).exists() for name in _STARTED):
        if time.monotonic() > until:
            words = [path.read_text() for path in folder.glob('*log')]
            raise SystemExit('no mail servers:\n' + '\n'.join(words))
        time.sleep(0.05)
