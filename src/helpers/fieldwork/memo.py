"""Messages for Digital Post in the MeMo format (Meddelelsesmodellen), one a citizen.

Namespace, element order and lengths are those of MeMo 1.1's published schema; MeMo 1.2 (2025)
leaves `memoSchVersion` out and changes nothing else of what is used here. Sources: digitaliser.dk,
»MeMo« (Modelbeskrivelse v1.1, MeMo_XSD.zip; »Varsling og høring af MeMo v1.2«, 23 February 2024),
and public libraries generated from the schema (itk-dev/serviceplatformen, python_serviceplatformen).
Several messages go in one file, a tar of `<messageUUID>.xml` compressed by LZMA, as the agency's
own library memo-lib writes it.

**Nothing here has been tried against Digital Post itself**: that takes a sender system with a
certificate. Try a message in the test environment before the first real mailing.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import lzma
import tarfile
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

NAMESPACE = "https://DigitalPost.dk/MeMo-1"
PREFIX = "memo"  # SF1601 takes no other
SCHEMA_VERSION = {"1.1": "1.1.0"}  # later versions have none
SIMULATED_CVR = "00000000"  # no authority's: what a simulated round is sent from
LABEL_MAX, TEXT_MAX = 256, 256  # characters
SELF_SERVICE = "SELVBETJENING"  # actionCode of a button that leads to a page

# element → its children in order; those that end with ? may be left out. Only what is written here.
ORDER: Mapping[str, tuple[str, ...]] = {
    "Message": ("MessageHeader", "MessageBody"),
    "MessageHeader": (
        "messageType", "messageUUID", "label", "reply?", "doNotDeliverUntilDate?", "mandatory",
        "legalNotification", "Sender", "Recipient",
    ),
    "Sender": ("senderID", "idType", "label", "AttentionData?"),
    "AttentionData": ("GeneratingSystem",),
    "GeneratingSystem": ("generatingSystemID", "label?"),
    "Recipient": ("recipientID", "idType", "label?"),
    "MessageBody": ("createdDateTime", "MainDocument"),
    "MainDocument": ("label?", "File", "Action?"),
    "File": ("encodingFormat", "filename", "language", "content"),
    "Action": ("label", "actionCode", "endDateTime?", "EntryPoint"),
    "EntryPoint": ("url",),
}  # fmt: skip


@dataclass(frozen=True)
class Envelope:
    """What all messages of a municipality's mailing have in common. `made_at` has a time zone."""

    version: str
    cvr: str
    sender: str  # the municipality's official name
    system: str
    subject: str
    action: str
    made_at: dt.datetime
    not_before: dt.date | None
    seed: str  # round, municipality and mailing: the same message has the same id again


@dataclass(frozen=True)
class Letter:
    """One citizen's message; `key` is the token of the link, `cpr` ten digits."""

    key: str
    cpr: str
    name: str
    link: str
    page: str  # HTML


def message_uuid(envelope: Envelope, key: str) -> str:
    """UUID of version 4's form, from the random key and the mailing: a message made again is the same
    message, which a receiver can tell. 122 bits of SHA-256 of 128 random bits; nobody can guess it."""
    digest = hashlib.sha256(f"{envelope.seed} {key}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def message(envelope: Envelope, letter: Letter) -> bytes:
    """The XML of one message, UTF-8."""
    root = etree.Element(_tag("Message"), nsmap={PREFIX: NAMESPACE})
    root.set("memoVersion", envelope.version)
    if envelope.version in SCHEMA_VERSION:
        root.set("memoSchVersion", SCHEMA_VERSION[envelope.version])
    header = _add(root, "MessageHeader")
    _add(header, "messageType", "DIGITALPOST")
    _add(header, "messageUUID", message_uuid(envelope, letter.key))
    _add(header, "label", envelope.subject[:LABEL_MAX])
    _add(header, "reply", "false")
    if envelope.not_before is not None:
        _add(header, "doNotDeliverUntilDate", envelope.not_before.isoformat())
    _add(header, "mandatory", "false")
    _add(header, "legalNotification", "false")
    sender = _add(header, "Sender")
    _party(sender, "senderID", envelope.cvr, "CVR", envelope.sender)
    system = _add(_add(sender, "AttentionData"), "GeneratingSystem")
    _add(system, "generatingSystemID", envelope.system[:TEXT_MAX])
    _party(_add(header, "Recipient"), "recipientID", letter.cpr, "CPR", letter.name)
    body = _add(root, "MessageBody")
    _add(body, "createdDateTime", _zulu(envelope.made_at))
    document = _add(body, "MainDocument")
    file = _add(document, "File")
    _add(file, "encodingFormat", "text/html")
    _add(file, "filename", "brev.html")
    _add(file, "language", "da")
    _add(file, "content", base64.b64encode(letter.page.encode("utf-8")).decode("ascii"))
    action = _add(document, "Action")
    _add(action, "label", envelope.action)
    _add(action, "actionCode", SELF_SERVICE)
    _add(_add(action, "EntryPoint"), "url", letter.link)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def container(envelope: Envelope, letters: Iterable[Letter]) -> bytes:
    """All messages as `.tar.lzma`: the same letters at the same time give the same bytes."""
    buffer = io.BytesIO()
    with (
        lzma.LZMAFile(buffer, "wb", format=lzma.FORMAT_ALONE, preset=1) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for letter in letters:
            content = message(envelope, letter)
            entry = tarfile.TarInfo(f"{message_uuid(envelope, letter.key)}.xml")
            entry.size, entry.mode = len(content), 0o600
            entry.mtime = int(envelope.made_at.timestamp())
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _party(at, id_name: str, number: str, kind: str, label: str) -> None:
    _add(at, id_name, number)
    _add(at, "idType", kind)
    if label:
        _add(at, "label", label[:LABEL_MAX])


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent, name: str, text: str | None = None):
    made = etree.SubElement(parent, _tag(name))
    made.text = text
    return made


def _zulu(moment: dt.datetime) -> str:
    """Whole seconds in UTC, with Z: the schema's pattern asks for it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
