"""What a wheel holds besides the two packages: an installed `survey` needs the notebooks, the reports and
the parameters that it begins with. They keep their places in the checkout and go to `helpers/project/`."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKED = ("notebooks", "reports", "params", "_quarto.yml")


class Packed(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        if version != "editable":  # there the checkout itself is used
            build_data["force_include"] |= {n: f"helpers/project/{n}" for n in PACKED}
