"""MeMo messages have the elements of the published model, in its order, and say who they are from."""

import base64
import datetime as dt
import io
import lzma
import re
import tarfile

import pytest
from lxml import etree

from helpers.fieldwork import memo
from helpers.fieldwork.memo import NAMESPACE, ORDER, Envelope, Letter, container, message

ENVELOPE = Envelope(
    version="1.2", cvr="29189986", sender="Norddjurs Kommune", system="Borgerundersøgelse",
    subject="Vil du fortælle os?", action="Svar på undersøgelsen",
    made_at=dt.datetime(2024, 3, 11, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    not_before=dt.date(2024, 3, 12), seed="2024-foraar 0707 invitation",
)  # fmt: skip
LETTER = Letter("ab" * 16, "0102031234", "Bo <Bech> & Søn", "https://svar.example/abab", "<p>å</p>")
UUID4 = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[ab89][a-f0-9]{3}-[a-f0-9]{12}")
# written down from the schema of MeMo 1.1 (see memo.py), all children, to hold ORDER against
SCHEMA = {
    "MessageHeader": "messageType messageUUID messageID messageCode label notification additionalNotification "
    "reply replyByDateTime doNotDeliverUntilDate mandatory legalNotification postType Sender Recipient "
    "ContentData ForwardData ReplyData",
    "Sender": "senderID idType idTypeLabel label AttentionData ContactPoint",
    "Recipient": "recipientID idType idTypeLabel label AttentionData ContactPoint",
    "AttentionData": "AttentionPerson ProductionUnit GlobalLocationNumber EMail SEnumber Telephone EID "
    "ContentResponsible GeneratingSystem SORdata Address UnstructuredAddress",
    "MessageBody": "createdDateTime MainDocument AdditionalDocument TechnicalDocument",
    "MainDocument": "mainDocumentID label File Action",
    "File": "encodingFormat filename language content",
    "Action": "label actionCode startDateTime endDateTime Reservation EntryPoint",
}


def structural_faults(root) -> list[str]:
    """What is not as ORDER says: another namespace, an unknown element, an order, a lack."""
    faults = []
    for element in root.iter():
        name = etree.QName(element)
        if name.namespace != NAMESPACE or element.prefix != "memo":
            faults.append(f"{element.tag}: namespace")
        children = [etree.QName(c).localname for c in element]
        allowed = [n.rstrip("?") for n in ORDER.get(name.localname, ())]
        needed = {n for n in ORDER.get(name.localname, ()) if not n.endswith("?")}
        if not set(children) <= set(allowed) or children != [n for n in allowed if n in children]:
            faults.append(f"{name.localname}: {children}")
        faults += [f"{name.localname}: lacks {n}" for n in needed - set(children)]
        if not len(element) and not element.text:
            faults.append(f"{name.localname}: empty")
    return faults


def parsed(envelope=ENVELOPE, letter=LETTER):
    return etree.fromstring(message(envelope, letter))


def text(root, path):
    return root.findtext("/".join(f"{{{NAMESPACE}}}{p}" for p in path.split("/")))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("not_before", [None, dt.date(2024, 3, 12)])
@pytest.mark.parametrize("name", ["", "Bo Bech"])
def test_elements_stand_in_the_models_order(version, not_before, name):
    envelope = Envelope(**{**vars(ENVELOPE), "version": version, "not_before": not_before})
    assert structural_faults(parsed(envelope, Letter(**{**vars(LETTER), "name": name}))) == []


def test_the_check_sees_a_wrong_order_a_lack_and_a_stranger():
    root = parsed()
    header = root[0]
    header.append(header[0])
    assert any(f.startswith("MessageHeader: [") for f in structural_faults(root))
    root = parsed()
    root[1].remove(root[1][0])
    assert "MessageBody: lacks createdDateTime" in structural_faults(root)
    root = parsed()
    etree.SubElement(root[1], "{urn:other}x")
    assert "{urn:other}x: namespace" in structural_faults(root)


@pytest.mark.parametrize("name", SCHEMA)
def test_the_order_is_the_schemas(name):
    ours = [n.rstrip("?") for n in ORDER[name]]
    assert ours == [n for n in SCHEMA[name].split() if n in ours]


def test_versions_tell_their_schema_or_not():
    old = Envelope(**{**vars(ENVELOPE), "version": "1.1"})
    assert dict(parsed(old).attrib) == {"memoVersion": "1.1", "memoSchVersion": "1.1.0"}
    assert dict(parsed().attrib) == {"memoVersion": "1.2"}


def test_sender_recipient_times_and_letter():
    root = parsed()
    assert text(root, "MessageHeader/Sender/senderID") == "29189986"
    assert text(root, "MessageHeader/Sender/idType") == "CVR"
    system = "MessageHeader/Sender/AttentionData/GeneratingSystem/generatingSystemID"
    assert text(root, system) == "Borgerundersøgelse"
    assert text(root, "MessageHeader/Recipient/recipientID") == "0102031234"
    assert text(root, "MessageHeader/Recipient/label") == "Bo <Bech> & Søn"
    assert text(root, "MessageHeader/doNotDeliverUntilDate") == "2024-03-12"
    assert text(root, "MessageBody/createdDateTime") == "2024-03-11T08:30:00Z"
    page = base64.b64decode(text(root, "MessageBody/MainDocument/File/content"))
    assert page.decode() == "<p>å</p>"
    assert text(root, "MessageBody/MainDocument/Action/EntryPoint/url") == LETTER.link


def test_a_message_made_again_has_the_same_id_and_another_mailing_another():
    first = memo.message_uuid(ENVELOPE, LETTER.key)
    assert UUID4.fullmatch(first)
    assert memo.message_uuid(ENVELOPE, LETTER.key) == first
    other = Envelope(**{**vars(ENVELOPE), "seed": "2024-foraar 0707 first_reminder"})
    assert memo.message_uuid(other, LETTER.key) != first
    assert memo.message_uuid(ENVELOPE, "cd" * 16) != first


def test_the_container_holds_a_file_a_message_named_by_its_id():
    letters = [Letter(**{**vars(LETTER), "key": f"{i:032x}"}) for i in range(3)]
    packed = container(ENVELOPE, letters)
    assert packed == container(ENVELOPE, letters)
    plain = lzma.decompress(packed, format=lzma.FORMAT_ALONE)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        names = tar.getnames()
        assert names == [f"{memo.message_uuid(ENVELOPE, x.key)}.xml" for x in letters]
        for name, letter in zip(names, letters):
            content = tar.extractfile(name).read()
            assert content == message(ENVELOPE, letter)
            assert structural_faults(etree.fromstring(content)) == []
