"""The kinds of trouble that a municipality's file can have, each once, in English and in Danish.

The English remedies are for the analyst who runs intake, the Danish ones for the municipality that
made the file. No sentence quotes a citizen: the details are headings, benefit texts, dates and words
that `common/quoting.py` lets through.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """`hint` is added to `what` where the detail `near` is known."""

    what: str
    expected: str = ""
    remedy: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Kind:
    """`any_file`: what is expected and to be done holds for every received file, not for extracts alone."""

    id: str
    english: Wording
    danish: Wording
    any_file: bool = False

    def in_language(self, language: str) -> Wording:
        return {"en": self.english, "da": self.danish}[language]


_MEND = "Mend the cell or remove the row, then run intake again."
_RET = "Ret cellen. Slet kun rækken, hvis borgeren ikke hører til udtrækket."
_UTF8 = (
    "Save the file again as »CSV UTF-8« (in Excel: Save As, CSV UTF-8), and try it again.",
    "Gem filen igen som »CSV UTF-8« (i Excel: Gem som, CSV UTF-8 (semikolonsepareret)).",
)
_FAR = (
    "Delete what stands outside the table (Ctrl+End goes to the last cell), save, and try the file again.",
    "Slet det, der står uden for tabellen (Ctrl+End går til den sidste celle), og gem filen igen.",
)
_NEAR, _NÆR = " (is it »{near}«?)", " (er det »{near}«?)"

KINDS = {
    kind.id: kind
    for kind in (
        # ---------------------------------------------------------------------- files that do not open
        Kind(
            "file_empty",
            Wording("is empty (0 bytes)", "an extract", "Ask for the file again, then run intake."),
            Wording("filen er tom (0 byte)", "et udtræk", "Dan udtrækket igen."),
        ),
        Kind(
            "file_ending",
            Wording(
                "is a »{ending}« file",
                "one of {known}",
                "Save the extract as a workbook (.xlsx) or CSV.",
            ),
            Wording(
                "filen er af typen »{ending}«",
                "en af {known}",
                "Gem udtrækket som en Excel-projektmappe (.xlsx) eller CSV.",
            ),
        ),
        Kind(
            "file_password",
            Wording(
                "is protected by a password",
                "an open workbook",
                "Remove the password in Excel (File, Info, Protect Workbook) and save, "
                "then run intake.",
            ),
            Wording(
                "filen er beskyttet med en adgangskode",
                "en fil uden adgangskode",
                "Fjern adgangskoden i Excel (Filer, Oplysninger, Beskyt projektmappe), og gem igen.",
            ),
        ),
        Kind(
            "file_broken",
            Wording(
                "is broken or no workbook at all",
                "a workbook that Excel opens",
                "Open it in Excel, save it again as .xlsx, then run intake.",
            ),
            Wording(
                "filen er beskadiget eller er slet ikke en projektmappe",
                "en projektmappe, som Excel kan åbne",
                "Åbn den i Excel, og gem den igen som .xlsx.",
            ),
        ),
        Kind(
            "file_no_text",
            Wording("is no readable text", "a text file in UTF-8 (or {encodings})", _UTF8[0]),
            Wording(
                "filen er ikke læselig tekst", "en tekstfil i UTF-8 (eller {encodings})", _UTF8[1]
            ),
            any_file=True,
        ),
        Kind(
            "file_broken_utf8",
            Wording(
                "holds a byte that is no UTF-8, as the rest of the file is",
                "UTF-8 in every line",
                _UTF8[0],
            ),
            Wording(
                "linjen har et tegn, der ikke er UTF-8, som resten af filen er",
                "UTF-8 i hele filen",
                _UTF8[1],
            ),
            any_file=True,
        ),
        Kind(
            "file_code_page",
            Wording(
                "holds letters (æ, ø, å) of another code page, such as DOS' (cp865, cp850) or Macintosh's",
                "UTF-8, or Windows' letters (cp1252)",
                _UTF8[0],
            ),
            Wording(
                "linjen har æ, ø eller å fra en anden tegntabel, for eksempel DOS (cp865, cp850) "
                "eller Macintosh",
                "UTF-8 eller Windows' tegn (cp1252)",
                _UTF8[1],
            ),
            any_file=True,
        ),
        Kind(
            "stray_quote",
            Wording(
                'a quotation mark (") opens a text that does not end as it should: the rows after it '
                "could vanish in one cell",
                'no quotation mark, or the whole cell between two, and each inside it doubled ("")',
                "Take the quotation mark out of that line or save the table as a workbook (.xlsx), "
                "and try it again.",
            ),
            Wording(
                'et anførselstegn (") åbner en tekst, som ikke slutter, hvor den skal, så rækkerne '
                "efter kan forsvinde i én celle",
                'intet anførselstegn, eller hele cellen mellem to, og hvert indeni skrevet to gange ("")',
                "Fjern anførselstegnet i den linje, eller gem tabellen som en Excel-projektmappe (.xlsx).",
            ),
            any_file=True,
        ),
        Kind(
            "long_cell",
            Wording(
                "a cell is longer than 131,072 signs",
                "a table with a line break after each row",
                "Shorten the cell or save the table as a workbook (.xlsx), and try it again.",
            ),
            Wording(
                "en celle er længere end 131.072 tegn",
                "en tabel med et linjeskift efter hver række",
                "Forkort cellen, eller gem tabellen som en Excel-projektmappe (.xlsx).",
            ),
            any_file=True,
        ),
        # ------------------------------------------------------------- files that would exhaust a machine
        Kind(
            "file_too_large",
            Wording(
                "is {size} MB large",
                "at most {most} MB",
                "Save the table alone in a new file, and try it.",
            ),
            Wording(
                "filen fylder {size} MB",
                "højst {most} MB",
                "Gem tabellen alene i en ny fil, og prøv den.",
            ),
            any_file=True,
        ),
        Kind(
            "unpacked_too_large",
            Wording(
                "unpacks to {size} MB",
                "at most {most} MB",
                "Copy the table alone into a new workbook, and try it.",
            ),
            Wording(
                "filen fylder {size} MB, når den er pakket ud",
                "højst {most} MB",
                "Kopiér tabellen alene over i en ny projektmappe, og prøv den.",
            ),
            any_file=True,
        ),
        Kind(
            "too_many_parts",
            Wording(
                "holds too many parts for a workbook",
                "a workbook as Excel saves it",
                "Copy the table alone into a new workbook, and try it.",
            ),
            Wording(
                "filen har for mange dele til at være en projektmappe",
                "en projektmappe, som Excel gemmer den",
                "Kopiér tabellen alene over i en ny projektmappe, og prøv den.",
            ),
            any_file=True,
        ),
        Kind(
            "far_cell",
            Wording(
                "the sheet reaches to the cell {cell}, far outside a table ({rows} rows, {columns} columns)",
                "at most {max_rows} rows and {max_columns} columns",
                _FAR[0],
            ),
            Wording(
                "arket når til cellen {cell}, langt uden for en tabel ({rows} rækker, {columns} kolonner)",
                "højst {max_rows} rækker og {max_columns} kolonner",
                _FAR[1],
            ),
            any_file=True,
        ),
        Kind(
            "too_many_lost",
            Wording(
                "over {most} cells hold errors or formulas that were never computed",
                "values",
                "Mend the lookups or formulas, and try the file again.",
            ),
            Wording(
                "over {most} celler har fejl eller formler, som aldrig er beregnet",
                "værdier",
                "Ret opslagene eller formlerne, og gem filen igen.",
            ),
            any_file=True,
        ),
        Kind(
            "too_much_text",
            Wording(
                "the cells of the sheet hold more text than a table of persons can",
                "names, dates and words",
                "Take the long texts out, and try the file again.",
            ),
            Wording(
                "arkets celler har mere tekst, end en tabel med borgere kan have",
                "navne, datoer og ord",
                "Fjern de lange tekster, og gem filen igen.",
            ),
            any_file=True,
        ),
        Kind(
            "too_many_rows",
            Wording(
                "has more rows than {rows}, or more cells than {cells}",
                "a row a person",
                "Take out what is no row of the table, or ask for the file again.",
            ),
            Wording(
                "filen har over {rows} rækker eller {cells} celler",
                "en række for hver borger",
                "Fjern det, der ikke er rækker i tabellen, eller dan filen igen.",
            ),
            any_file=True,
        ),
        # ------------------------------------------------------------------------- sheets and headings
        Kind(
            "no_cells",
            Wording("holds no cells", "a sheet with headings and persons", "Ask for it again."),
            Wording(
                "filen har ingen udfyldte celler",
                "et ark med overskrifter og borgere",
                "Dan udtrækket igen.",
            ),
        ),
        Kind(
            "no_layout",
            Wording(
                "no row of headings fits a known layout",
                "{layouts}",
                "Use one of these layouts, or describe the new one in params/extract-formats/ "
                "(`survey layout new FILE`).",
            ),
            Wording(
                "ingen række med overskrifter passer til et kendt layout",
                "{layouts}",
                "Brug overskrifterne fra skabelonen, eller spørg den, der samler udtrækkene ind.",
            ),
        ),
        Kind(
            "two_sheets",
            Wording(
                "has {count} sheets with an extract: {sheets}",
                "one",
                "Keep the one that holds and remove the others, then run intake again.",
                hint=" ({near} persons stand in more than one)",
            ),
            Wording(
                "filen har {count} ark med et udtræk: {sheets}",
                "ét",
                "Behold det ark, der gælder, og slet de andre.",
                hint=" ({near} borgere står i flere af dem)",
            ),
        ),
        Kind(
            "sheets_parts",
            Wording(
                "has {count} sheets with different persons: {sheets}",
                "all persons on one sheet",
                "Put the rows of all sheets under one row of headings on one sheet, then run intake "
                "again; remove a sheet only where its persons do not belong.",
            ),
            Wording(
                "filen har {count} ark med hver sine borgere: {sheets}",
                "alle borgere på ét ark",
                "Saml rækkerne fra alle arkene på ét ark under én række overskrifter. Slet kun et ark, "
                "hvis dets borgere ikke hører til udtrækket.",
            ),
        ),
        Kind(
            "sheets_unclear",
            Wording(
                "has {count} sheets that could be meant: {sheets}",
                "one",
                "Keep the one that holds, remove or hide the others, and try the file again.",
            ),
            Wording(
                "filen har {count} ark, der kan være det rigtige: {sheets}",
                "ét",
                "Behold det ark, der gælder, og slet eller skjul de andre.",
            ),
            any_file=True,
        ),
        Kind(
            "only_hidden",
            Wording(
                "the only sheets that fit are hidden: {sheets}",
                "the table on a sheet that is shown",
                "Show the sheet in Excel (right-click a tab, Unhide) if it is the right one, save, and "
                "try the file again.",
            ),
            Wording(
                "de eneste ark, der passer, er skjult: {sheets}",
                "tabellen på et ark, der vises",
                "Vis arket i Excel (højreklik på en fane, Vis), hvis det er det rigtige, og gem igen.",
            ),
            any_file=True,
        ),
        Kind(
            "files_share",
            Wording(
                "the municipality's {count} files have persons in common: {shared}",
                "one file, or files that have no person in common",
                "Keep the file that holds, or take those persons out of one, then run intake again.",
            ),
            Wording(
                "kommunens {count} filer har borgere til fælles: {shared}",
                "én fil, eller filer uden borgere til fælles",
                "Send kun den fil, der gælder, eller tag borgerne ud af den ene.",
            ),
        ),
        Kind(
            "missing_column",
            Wording(
                "column »{heading}« is missing",
                "all columns of the layout {layout}",
                "Add it or correct the heading, then run intake again.",
                _NEAR,
            ),
            Wording(
                "kolonnen »{heading}« mangler",
                "alle kolonner i layoutet {layout}",
                "Tilføj kolonnen, eller ret overskriften.",
                _NÆR,
            ),
        ),
        Kind(
            "column_twice",
            Wording("column »{heading}« stands twice", "one", "Remove one."),
            Wording("kolonnen »{heading}« er der to gange", "én", "Slet den ene."),
        ),
        Kind(
            "local_missing",
            Wording(
                "local background variable »{heading}« is missing",
                "a column with that heading",
                "Add the column, or take the variable out of the municipality's local file.",
            ),
            Wording(
                "kommunens egen baggrundsoplysning »{heading}« mangler",
                "en kolonne med den overskrift",
                "Tilføj kolonnen, eller giv besked, hvis oplysningen ikke skal med alligevel.",
            ),
        ),
        Kind(
            "no_persons",
            Wording("has headings but no persons", "a row a person", "Ask for it again."),
            Wording(
                "der er overskrifter, men ingen borgere",
                "en række for hver borger",
                "Udfyld arket, eller dan udtrækket igen.",
            ),
        ),
        # --------------------------------------------------------------------------------------- cells
        Kind(
            "overlong",
            Wording("has more cells than there are headings", remedy=_MEND),
            Wording(
                "rækken har flere celler, end der er overskrifter",
                remedy="Flyt eller slet det, der står uden for kolonnerne. I en CSV-fil skal tekst "
                "med semikolon stå i anførselstegn.",
            ),
        ),
        Kind(
            "row_width",
            Wording(
                "the row has {count} cells, the headings {headings}: a cell is missing or too many, so that "
                "all behind it stands in another column",
                "as many cells as headings",
                "Ask for the file again; or mend the row, save the table as a workbook (.xlsx), and try it "
                "again.",
            ),
            Wording(
                "rækken har {count} celler, og der er {headings} overskrifter: en celle mangler eller er i "
                "overskud, så resten af rækken står i forkerte kolonner",
                "lige så mange celler som overskrifter",
                "Ret rækken, eller dan filen igen, helst som en Excel-projektmappe (.xlsx).",
            ),
            any_file=True,
        ),
        Kind(
            "cell_error",
            Wording(
                "is an error ({text}), not a value",
                remedy="Mend the formula or the lookup it comes from, or write the value in.",
            ),
            Wording(
                "cellen viser en fejl ({text}) og ikke en værdi",
                remedy="Ret formlen eller opslaget, eller skriv værdien i cellen.",
            ),
            any_file=True,
        ),
        Kind(
            "cell_not_computed",
            Wording(
                "is a formula that was never computed, so that it has no value",
                remedy="Open the file in Excel, which computes it, and save it; or write the value in.",
            ),
            Wording(
                "cellen har en formel, som aldrig er beregnet, og derfor ingen værdi",
                remedy="Åbn filen i Excel, så formlen bliver beregnet, og gem den, eller skriv værdien "
                "i cellen.",
            ),
            any_file=True,
        ),
        Kind(
            "cell_merged",
            Wording(
                "is part of a merged cell whose value stands in a row above; whether it holds here is not known",
                remedy="Split the merged cell and write the value into each row, then try the file again.",
            ),
            Wording(
                "cellen er flettet sammen med en række ovenfor, og det er uvist, om værdien også gælder her",
                remedy="Ophæv fletningen, og skriv værdien i hver række.",
            ),
            any_file=True,
        ),
        Kind(
            "empty",
            Wording("is empty", remedy=_MEND),
            Wording("cellen er tom", remedy="Udfyld cellen."),
        ),
        Kind(
            "cpr_digits",
            Wording("is no CPR number of ten digits", remedy=_MEND),
            Wording(
                "er ikke et CPR-nummer på ti cifre",
                remedy="Skriv alle ti cifre, med eller uden bindestreg.",
            ),
        ),
        Kind(
            "cpr_short",
            Wording(
                "is a CPR number that has lost a digit, and not surely a leading zero",
                remedy="Write all ten digits (Excel keeps a zero in a cell that is formatted as text), "
                "then run intake again.",
            ),
            Wording(
                "CPR-nummeret mangler et ciffer, og det er ikke sikkert, at det er et nul forrest",
                remedy="Skriv alle ti cifre, med eller uden bindestreg. Formatér kolonnen som tekst, så "
                "Excel ikke fjerner et nul forrest.",
            ),
        ),
        Kind(
            "cpr_rounded",
            Wording(
                "is a CPR number that has been cut to a rounded number (as 1.1E+09, or ending in 0000)",
                remedy="Get the numbers from the case system again, with the column as text. A number "
                "that does end in 0000 is read when it is written with a hyphen.",
            ),
            Wording(
                "CPR-nummeret er blevet til et afrundet tal (som 1,1E+09, eller det ender på 0000)",
                remedy="Dan udtrækket igen med CPR-kolonnen som tekst. Ender nummeret virkelig på 0000, så "
                "skriv det med bindestreg.",
            ),
        ),
        Kind(
            "cpr_day",
            Wording("holds no valid birth date", remedy=_MEND),
            Wording(
                "CPR-nummeret begynder ikke med en gyldig fødselsdato",
                remedy="Ret CPR-nummeret. De første seks cifre er dag, måned og år.",
            ),
        ),
        Kind(
            "cpr_future",
            Wording("gives a birth date in the future", remedy=_MEND),
            Wording("CPR-nummeret giver en fødselsdato i fremtiden", remedy="Ret CPR-nummeret."),
        ),
        Kind(
            "cpr_twice",
            Wording(
                "the same CPR number in rows {rows}, and none has the latest date of transition alone",
                "one row a person, or the current benefit's row with the latest date",
                _MEND,
            ),
            Wording(
                "samme CPR-nummer står i række {rows}, og ingen af dem har alene den seneste dato for "
                "overgang til ydelsen",
                "én række for hver borger, eller en seneste dato på rækken med den aktuelle ydelse",
                "Ret nummeret eller datoen, eller slet den række, der er for meget.",
            ),
        ),
        Kind(
            "cpr_two_names",
            Wording(
                "the same CPR number in rows {rows}, with names that have no word in common",
                "one person",
                "Correct the number, or the name, or remove a row, then run intake again.",
            ),
            Wording(
                "samme CPR-nummer står i række {rows} med navne, der ikke har et ord til fælles",
                "én borger",
                "Ret nummeret eller navnet, eller slet den række, der er for meget.",
            ),
        ),
        Kind(
            "row_in_cell",
            Wording(
                "holds more than its own: a CPR number, or the cells of another row",
                remedy="Look for a quotation mark that is not closed, or cells that have run together, "
                "in this row and the rows below; mend the file, then run intake again.",
            ),
            Wording(
                "cellen indeholder mere, end den skal: et CPR-nummer eller celler fra en anden række",
                remedy="Se efter et anførselstegn, der ikke er lukket, eller celler, der er løbet sammen, i "
                "rækken og rækkerne under den. Ret det, eller dan udtrækket igen.",
            ),
        ),
        Kind(
            "no_date",
            Wording("»{text}« is no date", remedy=_MEND),
            Wording("»{text}« er ikke en dato", remedy="Skriv datoen som dd-mm-åååå."),
        ),
        Kind(
            "dates_swapped",
            Wording(
                "day and month are swapped in a part of the column: all true dates lie on the 1st to the "
                "12th, and all dates that are texts after it, as when a program set to American dates has "
                "opened the file",
                remedy="Make the extract again, and open it only where dates are set to Danish.",
            ),
            Wording(
                "dag og måned er byttet om i en del af kolonnen: alle rigtige datoer ligger fra den 1. til "
                "den 12., og alle datoer, der er tekst, ligger efter den 12., som når et program med "
                "amerikanske datoer har åbnet filen",
                remedy="Dan udtrækket igen, og åbn det kun, hvor datoer er sat til dansk.",
            ),
        ),
        Kind(
            "no_word",
            Wording("»{text}« is neither yes nor no ({yes} or {no})", remedy=_MEND),
            Wording(
                "»{text}« er hverken ja eller nej ({yes} eller {no})",
                remedy="Skriv et af ordene i parentesen.",
            ),
        ),
        Kind(
            "unknown_benefit",
            Wording(
                "unknown benefit text »{text}« in {count} row(s), first row {first}",
                remedy="Add it under `benefits` in params/extract-formats/{layout}.yml, "
                "then run intake again.",
                hint=_NEAR,
            ),
            Wording(
                "ukendt ydelse »{text}« i {count} række(r), første gang i række {first}",
                remedy="Brug ydelserne i skabelonens vejledning, eller fortæl den, der samler "
                "udtrækkene ind, hvad teksten dækker.",
                hint=_NÆR,
            ),
        ),
        Kind(
            "local_unknown",
            Wording("»{text}« is none of {categories}", remedy=_MEND),
            Wording("»{text}« er ikke en af {categories}", remedy=_RET),
        ),
    )
}
