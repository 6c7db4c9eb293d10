"""Letters come from Word templates, the default or a municipality's own, checked before use."""

import datetime as dt
import io
import shutil

import docx
import pytest

from helpers.common.errors import ParameterError
from helpers.fieldwork import letter_default
from helpers.fieldwork.letter_fields import FIELDS, values
from helpers.fieldwork.letter_templates import Template, default, templates
from helpers.fieldwork.letters import HtmlLetter, merged_letters
from helpers.fieldwork.mailing_kinds import MAILINGS
from helpers.parameters.params import load_round

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TODAY = dt.date(2024, 3, 1)
INVITATION = MAILINGS["invitation"]
PEOPLE = [
    ("Anne-Margrethe Åkjær", "https://svar.example/a1"),
    ("Bo »Bech« <b> & Ø", "https://svar.example/b2"),
    ("=HYPERLINK(1)", "https://svar.example/c3"),
]


def word(*texts: str, header: str = "") -> bytes:
    """A template with a paragraph a text; «name» becomes a merge field."""
    document = docx.Document()
    for text in texts:
        letter_default._write(document.add_paragraph(), text)
    if header:
        letter_default._write(document.sections[0].header.paragraphs[0], header)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def told(round_, content: bytes) -> str:
    known = values(round_, "0707", INVITATION, TODAY)
    return "\n".join(str(p) for p in Template("brev.docx", content).problems(known))


@pytest.mark.parametrize("mailing", MAILINGS)
def test_default_letters_are_what_the_module_makes_and_can_be_used(round_2024, mailing):
    assert default(MAILINGS[mailing]) == letter_default.default_template(mailing)
    template = Template("default", default(MAILINGS[mailing]))
    assert template.problems(values(round_2024, "0707", MAILINGS[mailing], TODAY)) == []
    assert template.fields <= FIELDS.keys()
    assert {"navn", "link", "kommune", "frist", "hjaelp", "fravalg"} <= template.fields


@pytest.mark.parametrize("mailing", MAILINGS)
def test_default_letters_say_what_a_citizen_must_know(round_2024, mailing):
    kind = MAILINGS[mailing]
    page = HtmlLetter(Template("", default(kind)), values(round_2024, "0580", kind, TODAY), "x")
    text = page.of("Bo Bech", "https://svar.example/b2")
    for words in (
        "frivilligt", "fortrolige", "Aabenraa Kommune er dataansvarlig", "databehandler", "31. marts 2024",
        "mindst fem svar", "slettes senest den 30. april 2025", "gøre indsigelse", "Datatilsynet",
        "skriver vi ikke til dig igen", 'href="https://svar.example/b2"',
    ):  # fmt: skip
        assert words in text, words
    assert "«" not in text and "\ue000" not in text and "src=" not in text and "<script" not in text
    assert ("Vi har ikke modtaget" in text or "vi har ikke modtaget" in " ".join(text.split())) == (
        kind.is_reminder
    )


def test_a_letter_a_citizen_on_a_page_of_its_own(round_2024):
    known = values(round_2024, "0707", INVITATION, TODAY)
    merged = docx.Document(
        io.BytesIO(merged_letters(Template("", default(INVITATION)), known, PEOPLE))
    )
    assert len(merged.sections) == len(merged.tables) == 3
    assert [t.cell(0, 0).paragraphs[1].text for t in merged.tables] == [link for _, link in PEOPLE]
    greetings = [p.text for p in merged.paragraphs if p.text.startswith("Kære ")]
    assert greetings == [f"Kære {name}" for name, _ in PEOPLE]
    for section in merged.element.iter(f"{{{W}}}sectPr"):  # in the schema's order
        names = [c.tag.rsplit("}", 1)[1] for c in section]
        assert names.index("type") < names.index("pgSz")
    assert all("MERGEFIELD" not in x.text for x in merged.element.iter() if x.text)


def test_html_holds_the_citizens_own_and_nobody_elses_words(round_2024):
    page = HtmlLetter(
        Template("", default(INVITATION)), values(round_2024, "0707", INVITATION, TODAY), "x"
    )
    text = page.of(*PEOPLE[1])
    assert "Bo »Bech« &lt;b&gt; &amp; Ø" in text and "<b> &" not in text
    assert "Åkjær" not in text and "svar.example/a1" not in text


def test_a_header_of_the_municipality_stays(round_2024):
    own = Template("", word("Kære «navn»", "«link»", header="Fra «kommune»"))
    known = values(round_2024, "0707", INVITATION, TODAY)
    assert own.problems(known) == []
    made = merged_letters(own, known, PEOPLE)
    sections = docx.Document(io.BytesIO(made)).sections
    assert [s.header.paragraphs[0].text for s in sections] == ["Fra Norddjurs Kommune"] * 3


@pytest.mark.parametrize(
    "texts, header, said",
    [
        (["«link» «navnn»"], "", "unknown field »navnn«. Did you mean »navn«?"),
        (["«link» «xyzzy»"], "", "unknown field »xyzzy«. Known: navn, link"),
        (["Kære «navn»"], "", "lacks the field »link«"),
        (["«link»"], "«navn»", "»navn« in a header, footer or note"),
        (["«link» «hotline»"], "", "`letters.hotline`"),
    ],
)
def test_faults_of_a_template(round_2024, texts, header, said):
    assert said in told(round_2024, word(*texts, header=header))


@pytest.mark.parametrize("typed", ["«navn»", "{{ navn }}"])
def test_a_field_typed_as_text_is_told(round_2024, typed):
    document = docx.Document(io.BytesIO(word("«link»")))
    document.add_paragraph(f"Kære {typed}")
    buffer = io.BytesIO()
    document.save(buffer)
    assert "»navn« is typed as text" in told(round_2024, buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"no word file", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_word_file_is_told(round_2024, content):
    assert "is no Word template, or broken" in told(round_2024, content)


def test_all_faults_of_a_template_at_once(round_2024):
    said = told(round_2024, word("«nvan»", header="«link»"))
    assert "»nvan«" in said and "»link« in a header" in said and "lacks" not in said


# ----------------------------------------------------------------------------- which template is used


def test_own_before_the_rounds_before_the_default(root):
    round_ = load_round(root, "2024-foraar")
    folder = root / "params/letters/2024-foraar"
    folder.mkdir(parents=True)
    (folder / "0707-invitation.docx").write_bytes(b"own")
    (folder / "invitation.docx").write_bytes(b"all")
    codes = ["0707", "0825"]
    found = templates(root, round_, codes, INVITATION)
    assert [found[c].content for c in codes] == [b"own", b"all"]
    (folder / "invitation.docx").unlink()
    assert templates(root, round_, codes, INVITATION)["0825"].content == default(INVITATION)
    given = root / "andet.docx"
    given.write_bytes(b"given")
    found = templates(root, round_, codes, INVITATION, given)
    assert {t.content for t in found.values()} == {b"given"}
    with pytest.raises(ParameterError, match=r"--template .*does not exist"):
        templates(root, round_, codes, INVITATION, root / "ingen.docx")


def test_a_letter_that_would_silently_not_be_used_is_told(root):
    round_ = load_round(root, "2024-foraar")
    folder = root / "params/letters/2024-foraar"
    folder.mkdir(parents=True)
    for name in ("0707-invitaton.docx", "0707-invitation.doc", "~$07-invitation.docx"):
        (folder / name).write_bytes(b"x")
    with pytest.raises(ParameterError) as caught:
        templates(root, round_, ["0707"], INVITATION)
    assert len(caught.value.problems) == 2
    assert "Did you mean »0707-invitation«?" in str(caught.value)
    shutil.rmtree(folder)


# -------------------------------------------------------------------------------------- what stands in it


@pytest.mark.parametrize(
    "today, day", [(dt.date(2024, 3, 10), "11. marts 2024"), (dt.date(2024, 3, 11), "11. marts 2024"),
                   (dt.date(2024, 3, 12), "12. marts 2024")],
)  # fmt: skip
def test_a_letter_is_dated_by_the_calendar_or_today(round_2024, today, day):
    assert values(round_2024, "0707", INVITATION, today)["dato"] == day


def test_without_a_hotline_the_jobcentre_is_named(round_2024):
    known = values(round_2024, "0400", INVITATION, TODAY)
    assert known["hjaelp"] == "Kontakt jobcentret i Bornholms Regionskommune."
    assert known["hotline"] == ""
    assert known.keys() | {"navn", "link"} == FIELDS.keys()
