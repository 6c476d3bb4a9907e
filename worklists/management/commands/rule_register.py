"""Writes the register of the protocols' rules as a page, from the one file that holds it."""

from collections.abc import Mapping

from protocols.loader import register
from protocols.model import Rule
from worklists.management.written import WritesPages
from worklists.selectors.helping import KINDS


class Command(WritesPages):
    help = "Write docs/rules.md: every rule of the protocols with its number, in our own words."
    name = "rule_register"

    def pages(self) -> Mapping[str, str]:
        return {"docs/rules.md": page(list(register().values()))}


def page(rules: list[Rule]) -> str:
    lines = [
        "# The rules, by number",
        "",
        "Written by `./dev manage rule_register` from `protocols/data/rules.toml`; do not edit. The words are ours; the",
        "paragraph says where the source has it. A number is the rule's name everywhere: in the protocols, in refusals",
        "shown to people, and in the names of tests.",
        "",
        *(f"- {kind}: {words}" for kind, words in KINDS.items()),
    ]
    document = ""
    for rule in rules:
        if rule.document != document:
            document = rule.document
            lines += [
                "",
                f"## {document}",
                "",
                "| Rule | Kind | In our words | Paragraph |",
                "|---|---|---|---|",
            ]
        cells = (rule.number, ", ".join(rule.kind), rule.words, rule.paragraph)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
