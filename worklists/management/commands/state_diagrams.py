"""Writes the states of each machine as pages, from the code that holds them."""

import ast
import io
import tokenize
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from django.db import models
from django_fsm import Transition

from complaints import actions as complaint_actions
from complaints import states as complaint_states
from complaints.models import Complaint
from complaints.states import ComplaintState
from conferences import actions as conference_actions
from conferences import states as conference_states
from conferences.models import Conference
from conferences.states import ConferenceState
from convening import actions as convening_actions
from convening import states as convening_states
from convening.models import ConveneRequest
from convening.states import ConveneState
from dissent import actions as dissent_actions
from dissent import states as dissent_states
from dissent.models import Dissent
from dissent.states import DissentState
from escalation import actions as escalation_actions
from escalation import states as escalation_states
from escalation.models import Escalation
from escalation.states import EscalationState
from worklists.management.written import WritesPages


class Machine(NamedTuple):
    """One state machine: where its states, its transitions and its verbs are."""

    model: type[models.Model]
    states: type[models.TextChoices]
    home: ModuleType
    actions: tuple[ModuleType, ...]
    final: tuple[str, ...]


MACHINES = {
    "conference": Machine(
        Conference,
        ConferenceState,
        conference_states,
        (conference_actions, dissent_actions),
        conference_states.FINAL,
    ),
    "complaint": Machine(
        Complaint, ComplaintState, complaint_states, (complaint_actions,), complaint_states.FINAL
    ),
    "convening": Machine(
        ConveneRequest, ConveneState, convening_states, (convening_actions,), convening_states.FINAL
    ),
    "dissent": Machine(Dissent, DissentState, dissent_states, (dissent_actions,), dissent_states.FINAL),
    "escalation": Machine(
        Escalation, EscalationState, escalation_states, (escalation_actions,), escalation_states.FINAL
    ),
}


class Command(WritesPages):
    help = "Write docs/reference/states: a diagram, the meaning of each state, and the verbs that move it."
    name = "state_diagrams"

    def pages(self) -> Mapping[str, str]:
        return {f"docs/reference/states/{name}.md": page(name, machine) for name, machine in MACHINES.items()}


def transitions_of(model: type[models.Model]) -> list[Transition]:
    """Every edge of the graph, in the order of the states: by source, then by name."""
    field: Any = model._meta.get_field("state")
    order = [value for value, _ in field.flatchoices]
    found: list[Transition] = list(field.get_all_transitions(model))
    return sorted(found, key=lambda t: (order.index(t.source), order.index(t.target), t.name))


def page(name: str, machine: Machine) -> str:
    edges = transitions_of(machine.model)
    lines = [
        f"# States of {'an' if name[0] in 'aeiou' else 'a'} {name}",
        "",
        "Written by `./dev manage state_diagrams` from the code; do not edit.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(f"    state {_quoted(state.label)} as {state.value}" for state in machine.states),
        f"    [*] --> {machine.states.values[0]}",
        *(f"    {edge.source} --> {edge.target}: {_words(edge.name)}" for edge in edges),
        *(f"    {state} --> [*]" for state in machine.states.values if state in machine.final),
        "```",
        "",
        "| State | Shown as | What it means |",
        "|---|---|---|",
    ]
    said = meanings(machine)
    lines += [f"| `{s.value}` | {s.label} | {said.get(s.name) or s.label} |" for s in machine.states]
    lines += ["", "| Verb | From | To | Done by |", "|---|---|---|---|"]
    by_verb: dict[str, list[Transition]] = {}
    for edge in edges:
        by_verb.setdefault(edge.name, []).append(edge)
    for verb, group in by_verb.items():
        sources = ", ".join(machine.states(str(edge.source)).label for edge in group)
        target = machine.states(str(group[0].target)).label
        done_by = ", ".join(f"`{action}`" for action in performers(machine, name, verb))
        lines.append(f"| {_words(verb)} | {sources} | {target} | {done_by} |")
    return "\n".join(lines) + "\n"


def _quoted(label: str) -> str:
    return '"' + label.replace('"', "'") + '"'


def _words(verb: str) -> str:
    return verb.replace("_", " ")


def meanings(machine: Machine) -> dict[str, str]:
    """The comment that stands behind each state in states.py."""
    text = _source(machine.home)
    tree = ast.parse(text)
    chosen = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == machine.states.__name__)
    lines = {n.lineno: n.targets[0] for n in chosen.body if isinstance(n, ast.Assign)}
    said: dict[str, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        target = lines.get(token.start[0])
        if token.type == tokenize.COMMENT and isinstance(target, ast.Name):
            words = token.string.lstrip("# ")
            said[target.id] = words[:1].upper() + words[1:]
    return said


def performers(machine: Machine, variable: str, verb: str) -> list[str]:
    """The public actions that reach a transition, by themselves or through a private function of their module."""
    found: list[str] = []
    below: dict[str, set[str]] = {}
    for module in machine.actions:
        tree = ast.parse(_source(module))
        functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
        reaching = {f.name for f in functions if _calls_verb(f, variable, verb)} | _imported(tree, below)
        before = -1
        while before != len(reaching):
            before = len(reaching)
            reaching |= {f.name for f in functions if reaching & _called(f)}
        below[module.__name__] = reaching
        package = module.__name__.partition(".")[0]
        found += [f"{package}.{f.name}" for f in functions if f.name in reaching and f.name[0] != "_"]
    return found


def _imported(tree: ast.Module, below: dict[str, set[str]]) -> set[str]:
    """The names by which a module knows functions of another that reach the transition."""
    return {
        name.asname or name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.name in below.get(node.module or "", set())
    }


def _calls_verb(function: ast.FunctionDef, variable: str, verb: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == verb
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == variable
        for node in ast.walk(function)
    )


def _called(function: ast.FunctionDef) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _source(module: ModuleType) -> str:
    return Path(module.__file__ or "").read_text(encoding="utf-8")
