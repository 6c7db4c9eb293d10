"""A questionnaire that no line of code knows: a question on seven answers, one on three, one more free text,
and a theme less."""

from __future__ import annotations

from pathlib import Path

import yaml

NAME = "2026"
SEVEN = ("Aldrig", "Næsten aldrig", "Sjældent", "Til tider", "Ofte", "Næsten altid", "Altid")
THREE = ("For sent", "Nogenlunde til tiden", "Til tiden")
QUESTIONS = """\
q11,11,maal,rettid,Hjælp i tide,,Kom hjælpen i tide?
q13,13,samlet,tilfredshed,Samlet tilfredshed,,Hvor tilfreds har du alt i alt været med dit forløb i jobcentret?
q14,14,samtale,hyppighed,Samtaler om arbejde,,Hvor tit handler samtalerne om arbejde?
q15,15,,fritekst,Uddybning,,"Vil du uddybe, hvorfor du har været [tilfreds/utilfreds]?"
q16,16,,fritekst,Mere at sige,,"Er der andet, du vil sige til jobcentret?"
"""


def write_questionnaire(root: Path, round_id: str, codes: list[str]) -> None:
    """The questionnaire under `root`, asked by the round of these municipalities."""
    folder = root / "params" / "questionnaires"
    first, *rows = (folder / "2024.csv").read_text("utf-8").splitlines()
    kept = [r for r in rows if int(r[1:3]) <= 10]
    (folder / f"{NAME}.csv").write_text("\n".join([first, *kept, QUESTIONS]), "utf-8")
    themes = (folder / "2024-themes.csv").read_text("utf-8").splitlines()
    kept = [t for t in themes if not t.startswith("progression,")]
    (folder / f"{NAME}-themes.csv").write_text("\n".join(kept) + "\n", "utf-8")
    with (folder / "scales.csv").open("a", encoding="utf-8") as f:
        for name, labels in (("hyppighed", SEVEN), ("rettid", THREE)):
            for value, label in enumerate([*labels, "Ved ikke"], start=1):
                f.write(f"{name},{value},{label}\n")
    path = root / f"params/rounds/{round_id}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content |= {"participants": codes, "questionnaire": NAME, "earlier_rounds": []}
    content["models"]["bootstrap_replicates"] = 100
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
