"""What must hold of every state, table and event of the house, found by reading the code and its models."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django_fsm import FSMField

from audit.actions import DETAIL_KEYS
from audit.selectors import SENTENCES
from cases import states as case_states
from complaints import states as complaint_states
from complaints.models import Complaint
from conferences import states as conference_states
from conferences.models import Conference
from convening import states as convening_states
from convening.models import ConveneRequest
from dissent import states as dissent_states
from dissent.models import Dissent
from escalation import states as escalation_states
from escalation.models import Escalation

ROOT = Path(settings.BASE_DIR)
APPS = sorted(
    config.label
    for config in apps.get_app_configs()
    if Path(config.path).parent == ROOT and config.label != "core"
)
MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models()]
MACHINES = [model for model in MODELS if any(isinstance(f, FSMField) for f in model._meta.fields)]
# What a row of a machine is called in the code.
MACHINE_NAMES = {model._meta.model_name for model in MACHINES} | {"convening"}
NAMES = [model._meta.label for model in MODELS]


def named(label: str) -> type[models.Model]:
    return apps.get_model(label)


# --- groups of states -------------------------------------------------------------------------------------------------


def groups_of(module: ModuleType, states: type[models.TextChoices]) -> dict[str, set[str]]:
    return {
        name: set(value)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, tuple) and all(isinstance(one, states) for one in value)
    }


@pytest.mark.parametrize(
    ("module", "states"),
    [
        (case_states, case_states.Stage),
        (conference_states, conference_states.ConferenceState),
        (dissent_states, dissent_states.DissentState),
        (escalation_states, escalation_states.EscalationState),
        (complaint_states, complaint_states.ComplaintState),
        (convening_states, convening_states.ConveneState),
    ],
)
def test_the_groups_of_states_are_exhaustive_and_disjoint(
    module: ModuleType, states: type[models.TextChoices]
) -> None:
    groups = groups_of(module, states)
    outer = [g for g in groups.values() if not any(g < other for other in groups.values())]
    assert set().union(*outer) == set(states)
    assert sum(len(group) for group in outer) == len(states)
    assert "FINAL" in groups


def test_every_machine_of_the_house_is_looked_at_here() -> None:
    assert set(MACHINES) == {Conference, Dissent, Complaint, ConveneRequest, Escalation}


@pytest.mark.parametrize(
    ("model", "module"),
    [
        (Conference, conference_states),
        (Dissent, dissent_states),
        (Complaint, complaint_states),
        (ConveneRequest, convening_states),
        (Escalation, escalation_states),
    ],
)
def test_final_states_have_no_way_out_and_all_others_are_reached_and_left(
    model: type[models.Model], module: ModuleType
) -> None:
    field = model._meta.get_field("state")
    edges = [(t.source, t.target) for t in field.get_all_transitions(model)]  # type: ignore[union-attr]
    assert not {source for source, _ in edges} & set(module.FINAL)
    for state, _ in field.flatchoices:  # type: ignore[union-attr]
        assert state in module.FINAL or any(source == state for source, _ in edges)
    reached = {field.default}  # type: ignore[union-attr]
    while more := {target for source, target in edges if source in reached} - reached:
        reached |= more
    assert reached == {value for value, _ in field.flatchoices}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("module", "states"),
    [
        (dissent_states, dissent_states.DissentState),
        (escalation_states, escalation_states.EscalationState),
        (complaint_states, complaint_states.ComplaintState),
        (convening_states, convening_states.ConveneState),
    ],
)
def test_the_stage_of_a_case_follows_the_state_of_its_machine(
    module: ModuleType, states: type[models.TextChoices]
) -> None:
    assert set(module.STAGE) == set(states)
    for state, stage in module.STAGE.items():
        assert (state in module.FINAL) == (stage in case_states.FINAL)


@pytest.mark.parametrize(
    "module",
    [case_states, conference_states, dissent_states, complaint_states, convening_states, escalation_states],
)
def test_every_state_has_a_word_of_its_own(module: ModuleType) -> None:
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, models.TextChoices)
            and value is not models.TextChoices
        ):
            assert len(set(value.labels)) == len(value.labels)
            assert all(value.labels)


# --- tables -----------------------------------------------------------------------------------------------------------

OF_NO_PARTNERSHIP = {
    "partnerships.Partnership": "is the partnership",
    "partnerships.BankHoliday": "is the nation's",
    "partnerships.HolidayList": "is the nation's",
    "accounts.User": "a person may work in several partnerships",
    "accounts.Submission": "is the person's",
    "accounts.OneTimeKey": "is the person's",
    "accounts.KeptMail": "stands in for the mail server of a demonstration",
    "accounts.Draft": "is the person's",
    "audit.AuditEvent": "names it by a plain number, without a foreign key",
    "audit.AuditHead": "is its number",
    "deadlines.SweepRun": "is the installation's",
    "deadlines.ClockHold": "is the installation's",
    "notifications.Fence": "is the installation's",
    "operations.Look": "is the installation's",
}


@pytest.mark.parametrize("label", NAMES)
def test_every_table_names_its_partnership(label: str) -> None:
    fields = {field.name: field for field in named(label)._meta.fields}
    if label in OF_NO_PARTNERSHIP:
        assert "partnership" not in fields
        return
    assert fields["partnership"].related_model is apps.get_model("partnerships.Partnership")
    assert not fields["partnership"].null
    assert fields["uuid"].unique


def test_the_tables_without_a_partnership_exist() -> None:
    assert set(OF_NO_PARTNERSHIP) <= set(NAMES)


@pytest.mark.parametrize("label", NAMES)
def test_nothing_disappears_with_something_else(label: str) -> None:
    for field in named(label)._meta.fields:
        if isinstance(field, models.ForeignKey):
            assert field.remote_field.on_delete is models.PROTECT, field


@pytest.mark.parametrize("label", NAMES)
def test_no_model_saves_in_a_way_of_its_own(label: str) -> None:
    assert not {"save", "delete"} & set(vars(named(label)))


# What may have a time without a person: a fact may be the clock's, a protocol the installation's own.
ALONE = {"cases.CaseEvent.recorded", "partnerships.ProtocolVersion.published"}
# Bound by a text that both go with (`ask_reply_complete`).
BY_TEXT = {"dissent.Ask.replied"}


def pairs() -> Iterator[tuple[type[models.Model], str]]:
    for model in MODELS:
        names = {field.name for field in model._meta.fields}
        for name in sorted(names):
            if name.endswith("_at") and f"{name[:-3]}_by" in names:
                yield model, name[:-3]


def fields_in(condition: models.Q) -> set[str]:
    found: set[str] = set()
    for child in condition.children:
        found |= fields_in(child) if isinstance(child, models.Q) else {str(child[0]).partition("__")[0]}  # type: ignore[index]
    return found


def checks_of(model: type[models.Model]) -> list[set[str]]:
    checks = [c.condition for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]
    return [fields_in(condition) for condition in checks if isinstance(condition, models.Q)]


@pytest.mark.parametrize(("model", "stem"), [*pairs()], ids=lambda value: getattr(value, "__name__", value))
def test_who_and_when_stand_together(model: type[models.Model], stem: str) -> None:
    name = f"{model._meta.label}.{stem}"
    when, who = model._meta.get_field(f"{stem}_at"), model._meta.get_field(f"{stem}_by")
    if name in ALONE:
        assert who.null
        return
    assert when.null == who.null
    if when.null and name not in BY_TEXT:
        assert any({when.name, who.name} <= bound for bound in checks_of(model))


def test_the_pairs_are_found() -> None:
    found = {f"{model._meta.label}.{stem}" for model, stem in pairs()}
    assert found >= ALONE | BY_TEXT
    assert len(found) > 10


@pytest.mark.parametrize(
    ("label", "state", "stamps"),
    [
        ("conferences.Conference", "state", {"ended_at"}),
        ("dissent.Dissent", "state", {"closed_at", "withdrawn_at", "decided_at"}),
        ("complaints.Complaint", "state", {"closed_at", "withdrawn_at", "decided_at"}),
        ("convening.ConveneRequest", "state", {"closed_at", "withdrawn_at"}),
        ("cases.Case", "stage", {"closed_at"}),
        ("deadlines.Deadline", "state", {"ended_at"}),
    ],
)
def test_a_final_state_has_its_time_by_a_constraint(label: str, state: str, stamps: set[str]) -> None:
    bound = [fields for fields in checks_of(named(label)) if state in fields]
    assert stamps <= set().union(*bound)


# --- the code, read as text -------------------------------------------------------------------------------------------


def sources() -> dict[str, ast.Module]:
    """Every module of the house but its migrations."""
    found = {}
    for label in [*APPS, "core", "config"]:
        for path in sorted((ROOT / label).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


SOURCES = sources()


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in names:
                yield node


def words_of(node: ast.expr) -> set[str]:
    """The texts an expression may be: a literal, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return words_of(node.body) | words_of(node.orelse)
    return set()


def keys_of(node: ast.expr, function: ast.AST) -> set[str]:
    """The keys of a dictionary: written out, or gathered under a name in the same function."""
    if isinstance(node, ast.Dict):
        return {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    if not isinstance(node, ast.Name):
        return set()
    keys: set[str] = set()
    for other in ast.walk(function):
        if isinstance(other, ast.Assign | ast.AnnAssign):
            for target in other.targets if isinstance(other, ast.Assign) else [other.target]:
                if isinstance(target, ast.Name) and target.id == node.id and other.value:
                    keys |= keys_of(other.value, ast.Pass())
                if (
                    isinstance(target, ast.Subscript)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == node.id
                ):
                    keys |= words_of(target.slice)
    return keys


HANDS_ON = (
    "_audit",
    "_audit_document",
    "_audit_guest",
    "_setting",
)  # they hand on to `write` what they are given


def written_events() -> list[tuple[str, str, set[str]]]:
    """Every event that code writes: where, its type, and the keys of its detail."""
    found = []
    for name, tree in SOURCES.items():
        for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            if function.name in HANDS_ON:
                continue
            for call in calls(function, "write", "Event", *HANDS_ON):
                direct = isinstance(call.func, ast.Name) and call.func.id in ("write", "Event")
                if not direct and isinstance(call.func, ast.Attribute) and call.func.attr == "write":
                    continue  # a command's own output
                types = words_of(call.args[0]) if call.args else set()
                keys: set[str] = set()
                for keyword in call.keywords:
                    if keyword.arg is None or (direct and keyword.arg == "detail"):
                        keys |= keys_of(keyword.value, function)
                    elif not direct and keyword.arg != "rule":
                        keys.add(keyword.arg)
                found += [(f"{name}:{call.lineno}", type_, keys) for type_ in sorted(types) if "." in type_]
    return found


EVENTS = written_events()


def test_every_event_that_is_written_has_a_sentence_and_every_sentence_is_used() -> None:
    assert {type_ for _, type_, _ in EVENTS} == set(SENTENCES)


@pytest.mark.parametrize(("where", "type_", "keys"), EVENTS, ids=[f"{w} {t}" for w, t, _ in EVENTS])
def test_an_event_carries_what_its_sentence_shows_and_only_what_it_may(
    where: str, type_: str, keys: set[str]
) -> None:
    assert set(re.findall(r"\{(\w+)\}", SENTENCES[type_])) <= keys
    assert keys <= DETAIL_KEYS


def is_action(name: str) -> bool:
    return name.endswith("/actions.py")


def test_only_actions_move_a_state() -> None:
    verbs = {t.name for model in MACHINES for t in model._meta.get_field("state").get_all_transitions(model)}  # type: ignore[union-attr]
    wrong = []
    for name, tree in SOURCES.items():
        if is_action(name):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "state" and isinstance(node.ctx, ast.Store):
                wrong.append(f"{name}:{node.lineno} sets a state")
        for call in calls(tree, "update", "bulk_update", "update_or_create", *verbs):
            on = call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(on, ast.Name) and on.id in MACHINE_NAMES and call.func.attr in verbs:  # type: ignore[attr-defined]
                wrong.append(f"{name}:{call.lineno} moves a {on.id}")
            if any(keyword.arg == "state" for keyword in call.keywords):
                wrong.append(f"{name}:{call.lineno} writes a state")
    assert wrong == []


@pytest.mark.parametrize(
    "name", ["conferences/actions.py", "dissent/actions.py", "complaints/actions.py", "convening/actions.py"]
)
def test_an_action_moves_a_machine_by_its_transitions_only(name: str) -> None:
    tree = SOURCES[name]
    stored = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "state" and isinstance(node.ctx, ast.Store)
    ]
    assert [ast.unparse(node) for node in stored] == []
    for call in calls(tree, "update", "create", "bulk_create", "bulk_update"):
        assert "state" not in {keyword.arg for keyword in call.keywords}, ast.unparse(call)


@pytest.mark.parametrize(
    "name", ["conferences/actions.py", "dissent/actions.py", "complaints/actions.py", "convening/actions.py"]
)
def test_a_machine_is_saved_with_its_state_named(name: str) -> None:
    """Left out, the transition is lost without a word."""
    looked = 0
    for call in calls(SOURCES[name], "save"):
        on = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(on, ast.Name) and on.id in MACHINE_NAMES:
            named_fields = next((k.value for k in call.keywords if k.arg == "update_fields"), None)
            assert isinstance(named_fields, ast.List), f"{name}:{call.lineno}"
            assert "state" in {e.value for e in named_fields.elts if isinstance(e, ast.Constant)}
            looked += 1
    assert looked > 3


def test_nobody_but_the_edge_reads_the_clock() -> None:
    """Views, middleware, tasks and commands; the sweep reads the database's."""
    edges = re.compile(
        r"(views|tasks|middleware|edge|probe)\.py$|/management/commands/|/templatetags/|core/clock\.py$"
    )
    wrong = [
        f"{name}:{call.lineno}"
        for name, tree in SOURCES.items()
        if not edges.search(name)
        for call in calls(tree, "edge_now")
    ]
    assert wrong == []


def test_no_task_is_given_a_time_to_wait_for() -> None:
    """Deadlines are rows, never tasks that wait in a broker."""
    for name, tree in SOURCES.items():
        for call in calls(tree, "apply_async", "send_task", "signature", "s"):
            assert not {"eta", "countdown"} & {k.arg for k in call.keywords}, f"{name}:{call.lineno}"
