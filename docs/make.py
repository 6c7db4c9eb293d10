"""What the documentation takes from the code: `python docs/make.py` writes it, `--check` says what is not up to date.

- `docs/commands.md`: every command with its options, from the help texts
- `docs/images/house.svg`: the packages and what each uses, from the imports
- `docs/images/data-way.svg`: the steps and the files between them, from `pipeline/steps.py`
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import typer

from helpers.cli.main import app
from helpers.common import style
from helpers.common.paths import PACKAGE
from helpers.pipeline.steps import STEPS

DOCS = Path(__file__).parent
LOOK = f'font-family="{style.FONT}, Segoe UI, sans-serif" font-size="13"'
INTRODUCTION = """# Commands

Made from the help texts by `python docs/make.py`. In the order of a round.

A municipality is named by its code or its name wherever a call takes one: `0825`, `825`, `Læsø`. `--root DIR` (or an address such as `s3://bucket/survey`) says where `params/`, `data/` and `build/` lie; it may stand before the command or behind it. `SURVEY_COLD_KERNELS=1` runs each notebook in a newly started kernel, with the same result.

Exit status: 0 done, or nothing to do; 1 something failed, told once a cause with step, remedy and all municipalities concerned, and the rest was done; 2 the call or the parameters are wrong, nothing was written; 130 and 143 stopped by Ctrl-C or SIGTERM.
"""


# ------------------------------------------------------------------------------------- commands


def commands_page() -> str:
    parts = [_command_text(*c) for c in _commands(typer.main.get_command(app), "survey")]
    return "\n".join([INTRODUCTION, *parts])


def _commands(group: Any, path: str) -> Iterator[tuple[Any, str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield command, f"{path} {name}"


def _command_text(command: Any, path: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    names = [p.metavar or p.name.upper() for p in arguments]
    usage = " ".join([path, *(n if p.required else f"[{n}]" for n, p in zip(names, arguments))])
    help_text = " ".join((command.help or "").split())
    lines = [f"## {path}", "", f"`{usage}`", "", help_text, ""]
    lines += [_option_text(p) for p in [*arguments, *options] if p in options or _help_of(p)]
    return "\n".join([*lines, ""] if lines[-1] else lines)


def _help_of(parameter: Any) -> str:
    return " ".join((getattr(parameter, "help", None) or "").split())


def _option_text(parameter: Any) -> str:
    named = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if named else [parameter.metavar]
    shown = ", ".join(f"`{n}`" for n in names)
    return f"- {shown}: {_help_of(parameter)}" if _help_of(parameter) else f"- {shown}"


# ---------------------------------------------------------------------------------------- house


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, package) of every import of the house that is made when the program runs."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            names = [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        yield from ((node.lineno, n.split(".")[1]) for n in names if n.startswith("helpers."))


def uses() -> dict[str, set[str]]:
    """Package → the packages that its modules import."""
    packages = {p.parent.name for p in PACKAGE.glob("*/__init__.py")} - {"assets"}
    modules = {p: p.relative_to(PACKAGE).parts[0] for p in PACKAGE.rglob("*.py")}
    found: dict[str, set[str]] = {package: set() for package in packages}
    for path, package in modules.items():
        if package in packages:
            found[package] |= {used for _, used in imports(path)} & packages - {package}
    return found


def house_picture() -> str:
    """A row a level: a package stands above all that it uses. Lines go to what no other used package uses."""
    of = uses()
    level: dict[str, int] = {}
    below: dict[str, set[str]] = {}  # all that a package rests on
    while len(level) < len(of):
        for package in sorted(set(of) - set(level)):
            if of[package] <= set(level):
                level[package] = 1 + max((level[u] for u in of[package]), default=-1)
                below[package] = of[package].union(*(below[u] for u in of[package]))
    direct = {p: {u for u in us if not any(u in below[v] for v in us)} for p, us in of.items()}
    rows = [sorted(p for p in of if level[p] == n) for n in range(max(level.values()) + 1)]
    width, high, gap, wide = 920, 34, 74, 116
    place = {}
    for n, row in enumerate(rows):
        step = width / len(row)
        for i, package in enumerate(row):
            place[package] = (step * (i + 0.5), (len(rows) - 1 - n) * gap + 24)
    lines = [
        _curve(place[p], place[u], high)
        for p, found in sorted(direct.items())
        for u in sorted(found)
    ]
    boxes = [_box(*place[p], wide, high, p) for p in sorted(place)]
    return _svg(width, len(rows) * gap + 4, [*lines, *boxes])


# ------------------------------------------------------------------------------- way of the data


def data_picture() -> str:
    """The steps in their order, a row each; beside them what they read and make, by folder."""
    wide, high, gap = 150, 34, 62
    steps = [s for s in STEPS.values() if s.makes]
    parts, y = [], 30
    for step in steps:
        reads, makes = _folders(step.reads), _folders(step.makes)
        parts.append(_box(550, y, wide, high, step.name))
        parts += [_text(450, y, ", ".join(reads), "end"), _text(650, y, ", ".join(makes), "start")]
        parts += [_arrow(454, 473, y)] * bool(reads) + [_arrow(627, 646, y)]
        y += gap - 16
    return _svg(1080, y, parts)


def _folders(patterns: tuple[str, ...]) -> list[str]:
    """`data/population`, `build/bi`: folders of the files; in a round's own folder, their names."""
    found = []
    for pattern in patterns:
        top, _, rest = pattern.partition("/")
        inner = [p for p in rest.split("/")[1:-1] if "*" not in p][:1]
        name = rest.split("/")[-1].replace("**", "*")
        tail = inner or [f"*{Path(name).suffix}" if name.endswith(".parquet") else name]
        found.append("/".join([top, *tail]).replace("{folder}", "CODE-NAME"))
    return [f for f in dict.fromkeys(found) if "{" not in f]


# --------------------------------------------------------------------------------------- drawing


def _svg(width: int, height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {LOOK}>'
    return "\n".join(
        [head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>", ""]
    )


def _box(x: float, y: float, wide: int, high: int, name: str) -> str:
    shape = f'x="{x - wide / 2:.0f}" y="{y - high / 2:.0f}" width="{wide}" height="{high}" rx="4"'
    return (
        f'<rect {shape} fill="{style.TINT}" stroke="{style.TEAL}"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" fill="{style.INK}">{escape(name)}</text>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y + 4}" text-anchor="{anchor}" fill="{style.GREY}" font-size="11">{escape(text)}</text>'


def _arrow(start: float, end: float, y: float) -> str:
    return f'<path d="M{start} {y}H{end}m-5 -4l5 4l-5 4" fill="none" stroke="{style.TEAL_MID}"/>'


def _curve(above: tuple[float, float], below: tuple[float, float], high: int) -> str:
    (x, y), (u, v) = (above[0], above[1] + high / 2), (below[0], below[1] - high / 2)
    middle = (y + v) / 2
    return f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {middle:.0f} {u:.0f} {middle:.0f} {u:.0f} {v:.0f}" fill="none" stroke="{style.LIGHT_GREY}"/>'


# ------------------------------------------------------------------------------------------ main


def made() -> dict[Path, str]:
    """File → its text, of all that is made here."""
    return {
        DOCS / "commands.md": commands_page(),
        DOCS / "images" / "house.svg": house_picture(),
        DOCS / "images" / "data-way.svg": data_picture(),
    }


def main() -> int:
    stale = [p for p, text in made().items() if not p.is_file() or p.read_text("utf-8") != text]
    if "--check" not in sys.argv:
        for path in stale:
            path.write_text(made()[path], "utf-8")
    print("\n".join(f"{p.relative_to(DOCS.parent)}" for p in stale) or "All up to date.")
    return bool(stale) and "--check" in sys.argv


if __name__ == "__main__":
    sys.exit(main())
