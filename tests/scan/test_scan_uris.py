"""`data:` URIs: persons in them are found however they are packed, and a page full of them gives no alarm.

All persons are invented. `cases/quarto-side.html` is made by hand after the pages that Quarto makes.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import struct
from pathlib import Path
from urllib.parse import quote

import pytest
import test_scan
from test_scan import CPR, MAKERS, NAME, kinds, png, quotes, zipped
from test_scan_spellings import BY_FORM, OF_VAULT, VAULT

from helpers.scan.data_uris import take_out_data_uris
from helpers.scan.scan import UNREADABLE
from helpers.scan.signatures import ending_for, is_font
from helpers.scan.text import Contents

PAGE = (Path(__file__).parents[1] / "cases" / "quarto-side.html").read_text("utf-8")
PERSON = "Bo Ek"
PLANTED = f"{PERSON} 170384-5512"


def uri(content: bytes, mime: str, options: str = "") -> str:
    return f"data:{mime}{options};base64,{base64.b64encode(content).decode()}"


def svg(inner: str) -> bytes:
    return f"<svg xmlns='http://www.w3.org/2000/svg' fill='rgb(1, 2, 3)'>{inner}</svg>".encode()


def font(tables: int = 1) -> bytes:
    """A TrueType font whose one table is empty."""
    head = b"\0\1\0\0" + struct.pack(">HHHH", tables, 16, 0, 0)
    return head + b"test" + struct.pack(">III", 0, 28, 32) + bytes(32)


def gif(comment: bytes) -> bytes:
    blocks = b"".join(
        bytes([len(comment[i : i + 7])]) + comment[i : i + 7] for i in range(0, len(comment), 7)
    )
    picture = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    return screen + b"\x21\xfe" + blocks + b"\0" + picture + b"\x3b"


# --------------------------------------------------------------------------- encodings × places

CONTENTS = {
    "svg": ("image/svg+xml", lambda t: svg(f"<text>{t}</text>")),
    "svg, split": ("image/svg+xml", lambda t: svg(f"<text>{t[:2]}<tspan>{t[2:]}</tspan></text>")),
    "svg, title": ("image/svg+xml", lambda t: svg(f"<title>{t}</title>")),
    "svg, label": ("image/svg+xml", lambda t: svg(f"<g aria-label='{t}'/>")),
    "svg, comment": ("image/svg+xml", lambda t: svg(f"<!-- {t} -->")),
    "svg, style": ("image/svg+xml", lambda t: svg(f"<g style='font: 12px {t}'/>")),
    "svg, in svg": (
        "image/svg+xml",
        lambda t: svg(f"<image href='{uri(svg(f'<text>{t}</text>'), 'image/svg+xml')}'/>"),
    ),
    "svg, written out in svg": (
        "image/svg+xml",
        lambda t: svg(f"<image href='data:image/svg+xml,{quote(svg(t).decode())}'/>"),
    ),
    "svg, entity": (
        "image/svg+xml",
        lambda t: (
            f"<!DOCTYPE svg [<!ENTITY n '{t}'>]>".encode()
            + svg("<text>&n;</text>").replace(b"<svg", b"\n<svg")
        ),
    ),
    "html": ("text/html", lambda t: f"<!DOCTYPE html><p>{t[:1]}<b>{t[1:]}</b></p>".encode()),
    "piece of html": ("text/html", lambda t: f"<p>{t[:1]}<b>{t[1:]}</b></p>".encode()),
    "json": ("application/json", lambda t: json.dumps({"a": [1, {"b": t}]}).encode()),
    "plain": ("text/plain", lambda t: f"Svar fra {t}, tak".encode()),
    "csv": ("text/csv", lambda t: f"n;svar\n5;{t}\n6;x\n".encode()),
}
BINARY = {
    "picture": ("image/png", lambda t: png(t)),
    "gif": ("image/gif", lambda t: gif(t.encode())),
    "pdf": ("application/pdf", lambda t: MAKERS["rapport.pdf"](t)),
    "zip": ("application/zip", lambda t: zipped({"a/b.txt": t.encode()})),
    "workbook": ("application/vnd.ms-excel", lambda t: MAKERS["tal.xlsx"](t)),
    "gzip of text": ("application/gzip", lambda t: gzip.compress(t.encode())),
    "gzip of svg": ("image/svg+xml", lambda t: gzip.compress(svg(f"<text>{t}</text>"))),
    "gzip of zip": ("x/y", lambda t: gzip.compress(zipped({"b.json": json.dumps(t).encode()}))),
}
WRITTEN = {
    "all percent": lambda c, m: f"data:{m},{quote(c, safe='')}",
    "as css has it": lambda c, m: (
        f"data:{m},"
        + c.decode().replace("%", "%25").replace("<", "%3c").replace(">", "%3e").replace("#", "%23")
    ),
    "as it is": lambda c, m: f"data:{m};charset=utf-8," + c.decode().replace("%", "%25"),
}
PACKED = {
    "base64": lambda c, m: uri(c, m),
    "base64, charset": lambda c, m: uri(c, m, ";charset=utf-8"),
    "base64, quoted charset": lambda c, m: uri(c, m, ';charset="utf-8"'),
    "base64, percent": lambda c, m: f"data:{m};base64,{quote(base64.b64encode(c), safe='')}",
    "base64, for urls": lambda c, m: f"data:{m};base64,{base64.urlsafe_b64encode(c).decode()}",
    "base64, no filling": lambda c, m: uri(c, m).rstrip("="),
    "base64, folded": lambda c, m: (
        f"data:{m};base64,\n" + base64.encodebytes(c).decode().replace("\n", "\n  ")
    ),
    "BASE64": lambda c, m: uri(c, m).replace(";base64,", ";BASE64,"),
}


def quoted(quote_sign: str, found: str) -> str:
    return quote_sign + found.replace(quote_sign, quote(quote_sign)) + quote_sign


def bare(found: str) -> str:
    """As nothing quotes it: every sign that would end it as its number."""
    return "".join(quote(c) if c in "\"'()<> \n\r\t" else c for c in found)


PLACES = {
    "attribute": lambda u: ("</body>", f'<img alt="" src="{html.escape(u)}">'),
    "attribute, single quotes": lambda u: ("</body>", f"<img alt='' src={quoted(chr(39), u)}>"),
    "attribute, no quotes": lambda u: ("</body>", f"<img src={bare(u)}>"),
    "second attribute": lambda u: ("</body>", f"<img src='x' src={quoted(chr(39), u)}>"),
    "attribute of an end": lambda u: ("</body>", f"<p>x</p title={quoted(chr(39), u)}>"),
    "style attribute": lambda u: (
        "</body>",
        f'<p style="background: url({html.escape(quoted(chr(34), u))})">x</p>',
    ),
    "comment": lambda u: (
        "</body>",
        f"<!-- <img src={quoted(chr(34), u).replace('-->', '--%3E')}> -->",
    ),
    "style, double quotes": lambda u: ("</style>", f"a{{background:url({quoted(chr(34), u)})}}"),
    "style, single quotes": lambda u: ("</style>", f"a{{background:url( {quoted(chr(39), u)} )}}"),
    "style, unquoted": lambda u: ("</style>", f"a{{background:url({bare(u)}) no-repeat}}"),
    "style sheet in a URI": lambda u: (
        "</head>",
        f'<link href="data:text/css,{quote(f"a{{background:url({quoted(chr(34), u)})}}")}">',
    ),
    "script": lambda u: ("</body>", f"<script>const a = {json.dumps(u)};</script>"),
    "script, rule in a string": lambda u: (
        "</body>",
        f"<script>r.add('a{{src:url({bare(u)}) format(\"x\")}}')</script>",
    ),
    "value": lambda u: ("</body>", f'<script type="application/json">{json.dumps([u])}</script>'),
    "drawing": lambda u: ("</body>", f"<svg><image href={quoted(chr(34), u)}></image></svg>"),
}
UNKNOWN_TYPES = ("n/a", "application/octet-stream", "font/woff2", "image/png", "x/y")


def page(place: str, found: str) -> bytes:
    before, planted = PLACES[place](found)
    assert before in PAGE
    return PAGE.replace(before, planted + before).encode()


def scanned(tmp_path, content: bytes, **vault):
    return test_scan.found(tmp_path, "side.html", content, **({"names": [PERSON]} | vault))


def test_a_page_of_quartos_kind_gives_no_alarm(tmp_path):
    assert scanned(tmp_path, PAGE.encode(), **VAULT) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_person_is_found_however_written_and_wherever(tmp_path, kind, place):
    mime, make = CONTENTS[kind]
    for way, encode in {**WRITTEN, **PACKED}.items():
        findings = scanned(tmp_path, page(place, encode(make(PLANTED), mime)))
        assert set(kinds(findings)) == {CPR, NAME}, way
        assert not quotes(findings, "170384-5512") and not quotes(findings, PERSON)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", BINARY)
def test_a_person_in_a_packed_file_is_found(tmp_path, kind, place):
    mime, make = BINARY[kind]
    for claimed in (mime, *UNKNOWN_TYPES):
        findings = scanned(tmp_path, page(place, uri(make(PLANTED), claimed)))
        assert set(kinds(findings)) == {CPR, NAME}, claimed


@pytest.mark.parametrize("claimed", [*UNKNOWN_TYPES, "text/plain", "text/css", "text/javascript"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_wrong_type_hides_nobody(tmp_path, kind, claimed):
    make = CONTENTS[kind][1]
    for way, encode in {**WRITTEN, **PACKED}.items():
        findings = scanned(tmp_path, page("attribute", encode(make(PLANTED), claimed)))
        assert set(kinds(findings)) == {CPR, NAME}, way


@pytest.mark.parametrize("spelling", BY_FORM)
@pytest.mark.parametrize("kind", ["svg", "html", "plain", "csv"])
def test_every_spelling_of_a_number_is_found(tmp_path, kind, spelling):
    mime, make = CONTENTS[kind]
    for claimed in (mime, "n/a", "font/ttf"):
        for encode in (WRITTEN["all percent"], WRITTEN["as css has it"], PACKED["base64"]):
            found = encode(make(BY_FORM[spelling]), claimed)
            for place in ("attribute", "style, double quotes", "script"):
                assert CPR in kinds(scanned(tmp_path, page(place, found))), (claimed, place)


@pytest.mark.parametrize("spelling", OF_VAULT)
@pytest.mark.parametrize("kind", ["svg", "html", "json", "plain", "csv"])
def test_every_spelling_of_a_person_of_the_vault_is_found(tmp_path, kind, spelling):
    planted, told = OF_VAULT[spelling]
    mime, make = CONTENTS[kind]
    for claimed in (mime, "n/a"):
        for encode in (WRITTEN["as css has it"], PACKED["base64"]):
            found = page("style, double quotes", encode(make(planted), claimed))
            assert told in kinds(scanned(tmp_path, found, **VAULT)), claimed


@pytest.mark.parametrize("file", ["t.md", "t.txt", "t.css", "t.js", "t.json", "t.svg", "t.xml"])
def test_they_are_found_in_every_kind_of_text(tmp_path, file):
    found = WRITTEN["as css has it"](svg(f"<text>{PLANTED}</text>"), "image/svg+xml")
    made = {
        "t.md": f"# T\n\n![x]({bare(found)})\n\n<img src={quoted(chr(34), found)}>",
        "t.json": json.dumps({"a": found, "b": f"<img src={quoted(chr(34), found)}>"}),
        "t.svg": f"<svg><image href='{html.escape(found)}'/><style>a{{b:url({bare(found)})}}</style></svg>",
        "t.xml": f"<a b={quoted(chr(34), found)}>se {bare(found)}</a>",
    }.get(file, f"a {{ b: url({quoted(chr(34), found)}); c: url({bare(found)}) }}")
    findings = test_scan.found(tmp_path, file, made.encode(), names=[PERSON])
    assert kinds(findings) == {CPR: 2, NAME: 2}


@pytest.mark.parametrize("planted", ["Emil Juhl;Pedersen", "Pedersen,Emil Juhl", "170384;5512"])
def test_cells_of_an_unknown_type_are_read_together(tmp_path, planted):
    sign = ";" if ";" in planted else ","
    table = f"a{sign}b\n{planted}\n"
    found = page("attribute", uri(table.encode(), "n/a"))
    assert set(kinds(scanned(tmp_path, found, **VAULT))) in ({NAME}, {CPR})


# ------------------------------------------------------------------------------- where a URI ends

WHOLE = "data:image/svg+xml,<svg fill='rgb(1)'/>"
ENDS = {
    'url("data:text/plain,it\'s (1) <2>") x': ["it's (1) <2>"],
    "url('data:text/plain,a \"b\" c') x": ['a "b" c'],
    "url( 'data:text/plain,a%27b' ) x": ["a'b"],
    "url(data:text/plain,a%20b) x": ["a b"],
    f"url({WHOLE}) x": ["<svg fill='rgb(1)'/>"],
    "url(data:text/plain,a\\)b\\ c) x": ["a)b c"],
    '![x](data:text/plain,abcdefghijk "Titel") x': ["abcdefghijk"],
    "<data:text/plain,abcdefghijk> x": ["abcdefghijk"],
    '"a=\\"data:text/plain,b \'c\' d\\" e" x': ["b 'c' d"],
    "`data:text/plain,a\n'b'` x": ["a\n'b'"],
    "&quot;data:text/plain,a 'b'&quot; x": ["a 'b'"],
    '"data:text/plain,a\\u0062\\x63\\"d" x': ['abc"d'],
    '"data:text/plain;base64,YWJjZGVmZ2hp" x': ["abcdefghi"],
    '"data:text\\/plain;base64,YWJjZGVmZ2hp" x': ["abcdefghi"],
    "`data:text/plain;base64,YWJjZGVmZ2hp` x": ["abcdefghi"],
    "&quot;data:text/plain;base64,YWJjZGVmZ2hpamts&quot; x": ["abcdefghijkl"],
    '"<a href=\\"data:text/plain;base64,YWJjZGVmZ2hpamts\\">" x': ["abcdefghijkl"],
    "url(data:text/plain;base64,YWJjZGVmZ2hpamts) x": ["abcdefghijkl"],
    "x data:text/plain;base64,YWJjZGVmZ2hp, x": ["abcdefghi"],
    "x data:text/plain,abcdefghijklmnop x": ["abcdefghijklmnop"],
}  # fmt: skip


@pytest.mark.parametrize("text", ENDS)
def test_a_uri_ends_at_what_opened_it(text):
    contents = Contents()
    kept = take_out_data_uris(text, contents)
    assert [p.content.decode() for p in contents.parts] == ENDS[text]
    assert contents.unreadable == []
    assert kept.startswith(text.partition("data:")[0]) and kept.endswith("x")


def test_a_value_is_a_uri_to_its_end():
    contents = Contents()
    assert take_out_data_uris(" data:text/plain,a 'b' (c)", contents, whole=True).strip() == (
        "data:text/plain,"
    )
    assert contents.parts[0].content == b"a 'b' (c)"


@pytest.mark.parametrize(
    "beside",
    [
        'src="data:image/png;base64,{} Bo Ek"', 'src="data:image/png;base64,{}" alt="Bo Ek"',
        'alt="data:n/a;base64,Bo Ek"', 'alt="data:text/plain;base64,170384-5512"',
        'alt="data:n/a,{} Bo Ek"', 'alt="data: Bo Ek"', 'alt="data:;base64,Bo Ek"',
        'srcset="data:image/png;base64,{} 1x, data:text/plain,Bo%20Ek 2x"',
    ],
)  # fmt: skip
def test_what_stands_beside_a_uri_stays(tmp_path, beside):
    planted = beside.replace("{}", base64.b64encode(png("x")).decode())
    content = PAGE.replace("</body>", f"<img {planted}></body>").encode()
    assert sum(kinds(scanned(tmp_path, content)).values()) >= 1
    assert {CPR, NAME} & set(kinds(scanned(tmp_path, content)))


def test_lines_below_a_folded_uri_keep_their_numbers(tmp_path):
    folded = PACKED["base64, folded"](svg("<text>x</text>" * 20), "image/svg+xml")
    text = f"# T\n\n<img src={quoted(chr(34), folded)}>\n170384-5512\n"
    [finding] = test_scan.found(tmp_path, "t.md", text.encode())
    assert finding.place == f"line {text.count(chr(10))}"


@pytest.mark.parametrize(
    "file, text",
    [("t.json", r'["data:n/a,\ud83d 170384-5512"]'), ("t.js", r'a="data:n/a,\ud83d170384-5512"')],
)
def test_half_a_sign_is_no_fault(tmp_path, file, text):
    assert kinds(test_scan.found(tmp_path, file, text.encode())) == {CPR: 1}


# ---------------------------------------------------------------------------------- false alarms

SCRIPTS = [
    r"a = /^data:image\/(png|jpg);base64,/.test(e)", r"a = /^data:image\/png;base64,/.test(e)",
    'a = "data:image/png;base64," + t', 'a = "data:image/svg+xml;charset=utf-8," + encode(s)',
    "a = \"data:image/svg+xml,%3Csvg xmlns='x' fill='\" + c + \"'%3E%3C/svg%3E\"",
    'a = `data:image/svg+xml,<svg fill="${c}" xmlns="x"><g></svg>`',
    "a = '<img src=\"data:image/png;base64,' + b + '\">'",
    "a = 'url(data:image/svg+xml,' + encode(x) + ') a'",
    "a = {url: e, data:t/n,success:function(){ return 1 %20 }}",
    'a = "data:application/json;charset=utf-8;base64,".concat(x)',
    'a = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"',
    "// use data:image/png;base64,... or data:image/png;base64,… here",
    'a = "data:image/svg+xml;utf8,<svg xmlns=\\"http://www.w3.org/2000/svg\\"></svg>"',
    "switch (t) { case data:e;b,c } a = {data:{b: 1}}", 'a = "data:text/html,"', 'a = "data:,"',
    "//# sourceMappingURL=data:application/json;charset=utf-8;base64,eyJ2ZXJzaW9uIjozfQ==",
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_that_make_uris_are_no_alarm(tmp_path, script):
    for name, made in (("t.js", script), ("t.html", f"<p>x</p><script>{script}</script>")):
        assert test_scan.found(tmp_path, name, made.encode()) == [], name


@pytest.mark.parametrize("mime", ["font/ttf", "n/a", "application/x-font-ttf", "text/plain"])
def test_a_font_is_a_font_whatever_it_claims(tmp_path, mime):
    content = page("style, unquoted", uri(font(), mime))
    assert scanned(tmp_path, content) == []


def test_coordinates_in_a_drawing_of_a_style_sheet_are_no_alarm(tmp_path):
    drawn = "<path d='M 17 03 84 55 12 L 61 72 83 94'/><path d='M 170384 5512 z'/>"
    for encode in WRITTEN.values():
        found = encode(svg(drawn), "image/svg+xml")
        assert scanned(tmp_path, page("style, double quotes", found)) == []


# ---------------------------------------------------------------------------- what cannot be read

WOFF = b"wOFF" + b"\0\1\0\0" + struct.pack(">I", 48) + bytes(36)
UNREAD = {
    "drawing that does not end": ("image/svg+xml", b"<svg><text>x</svg>"),
    "bytes of no kind": ("n/a", b"\0\1\2\3" * 5),
    "bytes of no kind as text": ("text/plain", b"fin\0\1\2\3" * 5),
    "bytes of no kind as a font": ("font/woff2", b"\0\1\2\3" * 20),
    "font with more behind it": ("font/ttf", font() + b"fra nogen"),
    "font with fewer bytes": ("font/woff", WOFF[:-1]),
    "font of no tables": ("font/ttf", font(0)),
    "picture that is none": ("image/png", b"\0\1\2\3" * 5),
    "torn picture": ("n/a", png("x")[:-20]),
    "torn gif": ("image/gif", gif(b"fin")[:-3]),
    "torn gzip": ("application/gzip", gzip.compress(b"fin" * 9)[:-9]),
    "gzip with more behind it": ("n/a", gzip.compress(b"fin") + b"mere"),
    "torn zip": ("n/a", zipped({"a.txt": b"fin"})[:-30]),
    "torn pdf": ("application/octet-stream", b"%PDF-1.7 torn"),
    "torn json": ("application/json", b'{"a": '),
    "rich text": ("application/rtf", rb"{\rtf1 R\'f8nne}"),
    "picture of a kind not read": ("image/webp", b"RIFF\0\0\0\0WEBPVP8 "),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_told(tmp_path, what):
    mime, content = UNREAD[what]
    for place in ("attribute", "style, double quotes", "script"):
        findings = scanned(tmp_path, page(place, uri(content, mime)))
        assert {f.kind for f in findings} == {UNREADABLE}


@pytest.mark.parametrize(
    "data", ["YWJjZGVmZ2hpYWJjZ", "YWJj%C3%A6ZGVmZ2hpa", "%3Csvg%3E", "<svg></svg>"]
)
def test_base64_that_is_none_is_told(tmp_path, data):
    findings = scanned(tmp_path, page("attribute", f"data:image/svg+xml;base64,{data}"))
    assert {f.kind for f in findings} == {UNREADABLE}


# ------------------------------------------------------------------------------ kinds by content


@pytest.mark.parametrize(
    "mime, content, ending",
    [
        ("image/svg+xml", b"<svg/>", ".svg"), ("n/a", b"<svg/>", ".svg"), ("n/a", b"", ".text"),
        ("n/a", b"<!DOCTYPE html><p>", ".html"), ("n/a", b"<!DOCTYPE svg><svg/>", ".svg"),
        ("text/css", b"a { b: c }", ".css"), ("text/css", b"<p class='a'>", ".text"),
        ("text/css", b"Bo Ek", ".text"), ("image/png", b"Bo Ek", ".text"), ("", b"Bo Ek", ".text"),
        ("text/plain", b'{"a": 1}', ".json"), ("text/plain", b"[1", ".text"), ("font/otf", b"OTTO Ek", ".text"),
        ("n/a", b"GIF89a og Bo", ".text"), ("n/a", b"BEGIN:VCALENDAR\r\n", ".ics"),
        ("text/calendar", b"x", ".ics"), ("application/zip", b"PK\3\4\0", ".zip"), ("image/png", b"\xff\xd8\xff\0", ".jpg"),
        ("application/rss+xml", b"<rss/>", ".xml"), ("n/a", "æ".encode("utf-16"), ".text"), ("n/a", b"\0\1", ".bin"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\3\4\0", ".docx"),
    ],
)  # fmt: skip
def test_the_kind_of_what_claims_a_type(mime, content, ending):
    assert ending_for(mime, content) == ending


def test_a_font_is_known_by_its_length():
    embedded = struct.pack("<I", 48) + bytes(30) + b"LP" + bytes(12)
    for whole in (font(), font() + b"\0", WOFF, embedded):
        assert is_font(whole)
    for other in (b"", font()[:-1], font() + b"more", WOFF + b"\0", embedded + b"\0"):
        assert not is_font(other)


def test_a_name_in_the_head_of_gzip_is_found(tmp_path):
    packed = bytearray(gzip.compress(b"fin"))
    packed[3] |= 0b11000
    packed[10:10] = b"bo.ek.txt\0fra 170384-5512\0"
    findings = test_scan.found(tmp_path, "t.gz", bytes(packed), names=[PERSON])
    assert kinds(findings) == {NAME: 1, CPR: 1}
    assert {f.place for f in findings} == {"name in the archive"}


def test_a_comment_of_a_gif_is_found(tmp_path):
    findings = test_scan.found(tmp_path, "t.gif", gif(b"fra 170384-5512 og Bo Ek"), names=[PERSON])
    assert kinds(findings) == {CPR: 1, NAME: 1}
    behind = gif(b"x") + b"fra 170384-5512"
    assert kinds(test_scan.found(tmp_path, "t.gif", behind)) == {CPR: 1}
