"""`docs/make.py`, which lies beside what it writes and is no package."""

from __future__ import annotations

import importlib.util

from helpers.common.paths import PROJECT

_spec = importlib.util.spec_from_file_location("docs_make", PROJECT / "docs" / "make.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
imports, made = _module.imports, _module.made
