# SPDX-License-Identifier: Apache-2.0
"""Statements as banks send them, made up for tests."""

from typing import Any

SPACE = 'urn:iso:std:iso:20022:tech:xsd:camt.053.001.{}'
IBAN = 'DE02120300000000202051'


def tx(
    remittance: str = '',
    *,
    version: int = 2,
    payer: str = 'Ada Berg',
    reference: str = '',
    end_to_end: str = 'NOTPROVIDED',
    own: str = '',
    amount: str = '',
    sign: str = '',
    returned: bool = False,
) -> str:
    """One TxDtls."""
    name = f'<Nm>{payer}</Nm>'
    if version >= 8:
        name = f'<Pty>{name}</Pty>'
    parts = [
        f'<Refs>{element("AcctSvcrRef", own)}'
        f'<EndToEndId>{end_to_end}</EndToEndId></Refs>',
    ]
    if amount and version < 4:
        parts.append(
            f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
        )
    elif amount:
        parts.append(f'<Amt Ccy="EUR">{amount}</Amt>')
        parts.append(element('CdtDbtInd', sign))
    parts.append(f'<RltdPties><Dbtr>{name}</Dbtr></RltdPties>')
    told = element('Ustrd', remittance)
    if reference:
        told += (
            '<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>'
            f'<Ref>{reference}</Ref></CdtrRefInf></Strd>'
        )
    parts.append(f'<RmtInf>{told}</RmtInf>')
    if returned:
        parts.append('<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>')
    return f'<TxDtls>{"".join(parts)}</TxDtls>'


def entry(
    amount: str,
    *details: str,
    version: int = 2,
    sign: str = 'CRDT',
    own: str = '',
    day: str = '2026-02-03',
    status: str = 'BOOK',
    reversal: str = '',
    currency: str = 'EUR',
    more: str = '',
) -> str:
    """One Ntry."""
    told = f'<Cd>{status}</Cd>' if version >= 8 else status
    return (
        f'<Ntry>\n<Amt Ccy="{currency}">{amount}</Amt>'
        f'<CdtDbtInd>{sign}</CdtDbtInd>{element("RvslInd", reversal)}'
        f'<Sts>{told}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>'
        f'{element("AcctSvcrRef", own)}'
        f'<NtryDtls>{"".join(details)}</NtryDtls>'
        f'{element("AddtlNtryInf", more)}</Ntry>'
    )


def camt(*entries: str, version: int = 2, page: int | None = None) -> bytes:
    """A file of one statement."""
    return document(statement(*entries, page=page), version=version)


def statement(*entries: str, page: int | None = None) -> str:
    told = ''
    if page is not None:
        told = f'<StmtPgntn><PgNb>{page}</PgNb></StmtPgntn>'
    return (
        f'<Stmt><Id>S1</Id>{told}<Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>'
        + '\n'.join(entries)
        + '</Stmt>'
    )


def document(*statements: str, version: int = 2, space: str = SPACE) -> bytes:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{space.format(f"{version:02}")}">'
        '<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>'
        f'{"".join(statements)}</BkToCstmrStmt></Document>'
    )
    return text.encode()


def element(name: str, text: Any) -> str:
    return f'<{name}>{text}</{name}>' if text else ''
