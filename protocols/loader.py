"""From a TOML file to frozen values, or to every error in it at once, each with its file, table and key.

The dataclasses of `protocols.model` are the schema: a key that no field names is refused, a string marked with a `Ref`
must name something that exists. An area override replaces a named value, or the item of a list with the same id.
"""

import hashlib
import re
import string
import tomllib
import types
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from protocols.checks import ID_KEYS, file_key, missing, problems
from protocols.model import (
    CAPACITIES,
    EVENTS,
    SCHEMA,
    AreaProtocol,
    Body,
    Cited,
    Library,
    Option,
    Protocol,
    ProtocolHead,
    RecordField,
    Ref,
    Rule,
)

INHERITS_CITATION = (Option, RecordField)
# A text may come from outside. These are several times what the longest text needs, and keep reading it quick.
MAX_TEXT = 256 * 1024  # characters
MAX_DOTS = 60  # in one line: every full stop may be one more table inside another
MAX_NAME, MAX_LABEL, MAX_SENTENCE = 60, 200, 2_000  # characters
LABELS = ("label", "title", "partnership")
PLACEHOLDERS = frozenset(
    {
        "ended_at",
        "closes_at",
        "expressed_at",
        "hours",
        "days",
        "chair",
        "conference",
        "partnership",
        "reviewer",
        "name",
        "outcome",
        "minimum",
        "present",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class ProtocolError:
    file: str
    table: str
    key: str
    message: str

    def __str__(self) -> str:
        where = " ".join(part for part in (f"[{self.table}]" if self.table else "", self.key) if part)
        return f"{self.file}: {where}: {self.message}" if where else f"{self.file}: {self.message}"


class ProtocolErrors(ValueError):
    """Everything that is wrong with a file."""

    def __init__(self, errors: tuple[ProtocolError, ...]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


# --- public -------------------------------------------------------------------------------------------------------


def load_text(toml_text: str, name: str) -> Protocol:
    """One protocol file's text as a Protocol; `name` is what errors call the file."""
    return _File(name, toml_text, register()).load()


def load_file(path: str | Path) -> Protocol:
    """One protocol file; a file that cannot be read is an error like any other."""
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ProtocolErrors(
            (ProtocolError(str(path), "", "", f"This file cannot be read: {reason}."),)
        ) from None
    except UnicodeDecodeError:
        raise ProtocolErrors((ProtocolError(str(path), "", "", "This file is not UTF-8 text."),)) from None
    return load_text(text, str(path))


@cache
def library() -> Library:
    """Every text in protocols/data, by text and effective date."""
    protocols: list[Protocol] = []
    errors: list[ProtocolError] = []
    for folder in sorted(_folders(), key=lambda entry: entry.name):
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if not entry.name.endswith(".toml"):
                continue
            name = f"{folder.name}/{entry.name}"
            try:
                protocol = load_text(entry.read_text(encoding="utf-8"), name)
            except ProtocolErrors as found:
                errors.extend(found.errors)
                continue
            expected = f"{protocol.id}/{protocol.head.effective_from.isoformat()}.toml"
            if name != expected:
                errors.append(
                    ProtocolError(name, "protocol", "id", f"By what it says, this file is {expected}.")
                )
            protocols.append(protocol)
    if errors:
        raise ProtocolErrors(tuple(errors))
    return Library(tuple(protocols))


@cache
def register() -> Mapping[str, Rule]:
    """The rules of the source texts by number, in our own words."""
    text = files("protocols").joinpath("data", "rules.toml").read_text(encoding="utf-8")
    reader = _Reader("rules.toml", frozenset())
    rules: dict[str, Rule] = {}
    for index, raw in enumerate(tomllib.loads(text)["rule"]):
        rule = reader.table(Rule, raw, f"rule[{index + 1}]")
        rules[rule.number] = rule
    if reader.errors:
        raise ProtocolErrors(tuple(reader.errors))
    return MappingProxyType(rules)


def _folders() -> Iterator[Traversable]:
    return (entry for entry in files("protocols").joinpath("data").iterdir() if entry.is_dir())


# --- one file -----------------------------------------------------------------------------------------------------

TOP_KEYS = ("schema", "protocol", "area", "rule")


class _File:
    """Loads one file: the base document once, then once per area with its overrides applied."""

    def __init__(self, name: str, text: str, known_rules: Mapping[str, Rule]) -> None:
        self.name = name
        self.text = text
        self.known_rules = known_rules
        self.errors: dict[ProtocolError, None] = {}

    def load(self) -> Protocol:
        document = self._parse()
        register = self._own_rules(document)
        numbers = frozenset(register)
        reader = _Reader(self.name, numbers)
        head = reader.table(ProtocolHead, document.get("protocol", {}), "protocol")
        body = {key: value for key, value in document.items() if key not in TOP_KEYS}
        base = self._read_body(body, numbers, "")
        self._keep(reader.errors)
        sha256 = hashlib.sha256(self.text.encode()).hexdigest()
        areas: list[AreaProtocol] = []
        for raw, table in self._areas(document):
            override = raw.get("override", {})
            mine = base
            if override:
                merged = deepcopy(body)
                self._apply(merged, override, f"{table}.override")
                mine = self._read_body(merged, numbers, f"{table} with its overrides: ")
            values = {each.name: getattr(mine, each.name) for each in fields(Body)}
            areas.append(
                AreaProtocol(
                    **values,
                    slug=str(raw.get("slug")),
                    partnership_name=str(raw.get("partnership")),
                    head=head,
                    register=register,
                    sha256=sha256,
                    source_text=self.text,
                )
            )
        if self.errors:
            raise ProtocolErrors(tuple(self.errors))
        return Protocol(
            head=head,
            areas=tuple(areas),
            register=register,
            sha256=sha256,
            source_text=self.text,
            name=self.name,
        )

    def _parse(self) -> dict[str, Any]:
        if len(self.text) > MAX_TEXT:
            raise self._unreadable(f"This file is longer than {MAX_TEXT // 1024} KB. No protocol is.")
        for number, line in enumerate(self.text.splitlines(), start=1):
            if line.count(".") > MAX_DOTS:
                raise self._unreadable(f"Line {number} has more than {MAX_DOTS} full stops. Divide it.")
        try:
            document = tomllib.loads(self.text)
        except RecursionError:
            raise self._unreadable("This file is nested too deeply to be read.") from None
        except ValueError as error:  # also a number with thousands of digits
            raise self._unreadable(f"This is not TOML: {error}.") from None
        if document.get("schema") != SCHEMA:
            self._note("", "schema", f"The file names its format first: schema = {SCHEMA}.")
        for key in ("protocol", "area", "words"):
            if key not in document:
                self._note(key, "", "This table is missing.")
        return document

    def _own_rules(self, document: dict[str, Any]) -> Mapping[str, Rule]:
        """The register, with the rules that this file brings itself."""
        rules = dict(self.known_rules)
        reader = _Reader(self.name, frozenset())
        for index, raw in enumerate(_list(document.get("rule"))):
            table = f"rule[{index + 1}]"
            rule = reader.table(Rule, raw, table)
            if rule.number in rules:
                self._note(table, "number", f"Rule {rule.number} is in the register already.")
            rules[rule.number] = rule
        self._keep(reader.errors)
        return MappingProxyType(rules)

    def _areas(self, document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
        raw_areas = document.get("area", [])
        if not isinstance(raw_areas, list) or not all(isinstance(raw, dict) for raw in raw_areas):
            self._note("area", "", "Areas are written as [[area]].")
            return
        if "area" in document and not raw_areas:
            self._note("area", "", "A protocol holds for at least one area.")
        seen: set[str] = set()
        for index, raw in enumerate(raw_areas):
            slug = raw.get("slug")
            table = f"area[{slug or index + 1}]"
            for key in ("slug", "partnership"):
                if not isinstance(raw.get(key), str) or not raw.get(key):
                    self._note(table, key, "This is missing, or is not text.")
            for key in raw.keys() - {"slug", "partnership", "override"}:
                self._note(table, key, "There is no such key here.")
            if not isinstance(raw.get("override", {}), dict):
                self._note(table, "override", "Overrides are written as a table.")
                continue
            if slug in seen:
                self._note(table, "slug", f"The slug {slug} is used twice.")
            seen.add(str(slug))
            yield raw, table

    def _apply(self, target: dict[str, Any], override: dict[str, Any], table: str) -> None:
        for key, value in override.items():
            if key not in target:
                self._note(table, key, "This override names nothing: the text has no such value to replace.")
            elif isinstance(value, dict) and isinstance(target[key], dict):
                self._apply(target[key], value, f"{table}.{key}")
            elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                self._apply_items(target[key], value, f"{table}.{key}")
            else:
                target[key] = value

    def _apply_items(self, target: Any, items: list[dict[str, Any]], table: str) -> None:
        for item in items:
            name = _name(item)
            places = [n for n, each in enumerate(_list(target)) if name and _name(each) == name]
            if not places:
                self._note(
                    table, name or "id", "This override names nothing: no item of the list has this id."
                )
            for place in places:
                target[place] = item

    def _read_body(self, raw: dict[str, Any], rules: frozenset[str], prefix: str) -> Body:
        reader = _Reader(self.name, rules)
        body: Body = reader.table(Body, raw, "")
        reader.check_references(_Names(raw))
        for table, key, message in problems(body):
            if not reader.is_unsound(table, key):
                reader.errors.append(self._error(table, key, message))
        known = {(error.table, error.key, error.message) for error in self.errors}
        for error in reader.errors:
            if (error.table, error.key, error.message) not in known:
                self._note(prefix + error.table, error.key, error.message)
        return body

    def _keep(self, errors: list[ProtocolError]) -> None:
        self.errors.update(dict.fromkeys(errors))

    def _error(self, table: str, key: str, message: str) -> ProtocolError:
        return ProtocolError(self.name, table, key, message)

    def _unreadable(self, message: str) -> ProtocolErrors:
        return ProtocolErrors((self._error("", "", message),))

    def _note(self, table: str, key: str, message: str) -> None:
        self.errors[self._error(table, key, message)] = None


# --- tables to dataclasses ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mention:
    """A string that refers to something, and where it stands."""

    to: str
    value: str
    table: str
    key: str


class _Reader:
    """Reads tables into dataclasses by their type hints, keeping every error and every reference."""

    def __init__(self, name: str, rules: frozenset[str]) -> None:
        self.name = name
        self.rules = rules
        self.errors: list[ProtocolError] = []
        self.mentions: list[_Mention] = []
        self.unsound: set[str] = set()  # tables with a neutral value in them
        self.unsound_parts: set[str] = set()  # tables and lists that are neutral as a whole

    def table(self, cls: type[Any], raw: Any, table: str, cited: str = "") -> Any:
        """One table as an instance of cls. What is wrong or missing is noted, and a neutral value stands for it, so
        that the rest can still be read and checked."""
        if not isinstance(raw, dict):
            self._note(table, "", "This has to be a table.")
            self.unsound_parts.add(table)
            return _neutral(cls)
        raw = self._with_citation(cls, raw, cited)
        by_key = {file_key(each): each for each in fields(cls) if each.init}
        for key in raw:
            if key not in by_key:
                self._note(table, key, "There is no such key here.")
        if issubclass(cls, Cited):
            self._check_citation(raw, table)
            cited = str(raw.get("rule", cited))
        hints = _hints(cls)
        values: dict[str, Any] = {}
        for key, each in by_key.items():
            if key in raw:
                values[each.name] = self._value(hints[each.name], raw[key], table, key, cited)
            elif _is_required(each):
                self._note(table, key, missing(cls, key))
                values[each.name] = self._stand_in(hints[each.name], table, key)
        return cls(**values)

    def is_unsound(self, table: str, key: str) -> bool:
        """Whether a neutral value stands in a table, so that what the checks say of it would be noise."""
        here = {table, f"{table}.{key}", *(table[: place.start()] for place in re.finditer(r"[.\[]", table))}
        return table in self.unsound or bool(here & self.unsound_parts)

    def _stand_in(self, hint: Any, table: str, key: str) -> Any:
        """A neutral value for what is missing or wrong; it is remembered where it stands."""
        neutral = _neutral(hint)
        if isinstance(neutral, (str, int, date)):
            self.unsound.add(table)
        else:
            self.unsound_parts.add(f"{table}.{key}" if table else key)
        return neutral

    def check_references(self, names: "_Names") -> None:
        for mention in self.mentions:
            if mention.to == "rule":
                if mention.value not in self.rules:
                    self._note(
                        mention.table, mention.key, f"There is no rule {mention.value} in the register."
                    )
            elif problem := names.problem(mention.to, mention.value):
                self._note(mention.table, mention.key, problem)

    def _with_citation(self, cls: type[Any], raw: dict[str, Any], cited: str) -> dict[str, Any]:
        if cited and issubclass(cls, INHERITS_CITATION) and "rule" not in raw and "basis" not in raw:
            return raw | {"rule": cited}
        return raw

    def _check_citation(self, raw: dict[str, Any], table: str) -> None:
        safeguard = raw.get("basis") == "system_safeguard"
        if not raw.get("rule") and not safeguard:
            self._note(
                table, "rule", 'The citation is missing: give the rule, or basis = "system_safeguard".'
            )
        if raw.get("rule") and safeguard:
            self._note(table, "rule", "A safeguard of the system cites no rule.")

    def _value(self, hint: Any, raw: Any, table: str, key: str, cited: str) -> Any:
        origin = get_origin(hint)
        if origin is Annotated:
            return self._reference(hint, raw, table, key)
        if origin in (Union, types.UnionType):
            return self._value(next(a for a in get_args(hint) if a is not type(None)), raw, table, key, cited)
        if origin is tuple:
            return self._list(get_args(hint)[0], raw, table, key, cited)
        if origin is Literal:
            return self._choice(hint, raw, table, key)
        if origin in (Mapping, dict):
            return self._mapping(raw, table, key)
        if isinstance(hint, type) and is_dataclass(hint):
            return self.table(hint, raw, f"{table}.{key}" if table else key, cited)
        return self._plain(hint, raw, table, key)

    def _reference(self, hint: Any, raw: Any, table: str, key: str) -> Any:
        text = self._plain(str, raw, table, key)
        if text:
            ref = next(each for each in hint.__metadata__ if isinstance(each, Ref))
            self.mentions.append(_Mention(ref.to, text, table, key))
        return text

    def _list(self, item: Any, raw: Any, table: str, key: str, cited: str) -> Any:
        if not isinstance(raw, list):
            self._note(table, key, "This has to be a list.")
            return self._stand_in(tuple, table, key)
        if not (isinstance(item, type) and is_dataclass(item)):
            return tuple(self._value(item, each, table, key, cited) for each in raw)
        here = f"{table}.{key}" if table else key
        names = [_name(each) for each in raw]
        for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
            self._note(here, name, "This id stands twice in one list.")
        rows = zip(names, raw, strict=True)
        return tuple(
            self.table(item, each, f"{here}[{name or n}]", cited)
            for n, (name, each) in enumerate(rows, start=1)
        )

    def _choice(self, hint: Any, raw: Any, table: str, key: str) -> Any:
        choices = [each for each in get_args(hint) if each is not None]
        if raw not in choices or isinstance(raw, bool):
            listed = ", ".join(str(each) or "nothing" for each in choices)
            self._note(table, key, f"{_shown(raw)} is not known here. It is one of: {listed}.")
            return self._stand_in(hint, table, key)
        return raw

    def _mapping(self, raw: Any, table: str, key: str) -> Any:
        here = f"{table}.{key}" if table else key
        if not isinstance(raw, dict):
            self._note(table, key, "This has to be a table.")
            return self._stand_in(Mapping, table, key)
        return MappingProxyType({name: self._plain(str, each, here, name) for name, each in raw.items()})

    def _plain(self, hint: Any, raw: Any, table: str, key: str) -> Any:
        words = {
            str: "text",
            int: "a whole number",
            bool: "true or false",
            date: "a date, such as 2022-07-01",
        }
        right = isinstance(raw, hint)
        if (hint is int and isinstance(raw, bool)) or (hint is date and isinstance(raw, datetime)):
            right = False
        if not right:
            self._note(table, key, f"{_shown(raw)} is not {words[hint]}.")
            return self._stand_in(hint, table, key)
        if hint is str:
            self._check_length(raw, table, key)
            if "{" in raw:
                self._check_placeholders(raw, table, key)
        return raw

    def _check_length(self, raw: str, table: str, key: str) -> None:
        """What a record must be able to hold: names and labels are kept beside cases."""
        most = MAX_NAME if key in ID_KEYS else MAX_LABEL if key in LABELS else MAX_SENTENCE
        if len(raw) > most:
            self._note(table, key, f"This is {len(raw)} characters long; at most {most} are kept.")

    def _check_placeholders(self, raw: str, table: str, key: str) -> None:
        try:
            parts = [part for part in string.Formatter().parse(raw) if part[1] is not None]
        except ValueError:
            self._note(table, key, "A curly bracket is not closed.")
            return
        if any(form or turned for _, _, form, turned in parts):
            self._note(table, key, "A placeholder is a name in curly brackets, and nothing else.")
        used = {str(name) for _, name, _, _ in parts}
        for name in sorted(used - PLACEHOLDERS):
            self._note(
                table,
                key,
                f"There is no placeholder {{{name}}}. There are: {', '.join(sorted(PLACEHOLDERS))}.",
            )

    def _note(self, table: str, key: str, message: str) -> None:
        self.errors.append(ProtocolError(self.name, table, key, message))


# --- what the strings of a file may refer to ----------------------------------------------------------------------


class _Names:
    """The names that a document gives, read from the raw tables so that one fault does not hide others."""

    def __init__(self, raw: dict[str, Any]) -> None:
        review = raw.get("review", {})
        tiers = _list(review.get("tier")) if isinstance(review, dict) else []
        escalation = raw.get("escalation", {})
        escalation = escalation if isinstance(escalation, dict) else {}
        conference = raw.get("conference", {})
        dissent = raw.get("dissent", {})
        ladders = _list(escalation.get("ladder"))
        self.slots = _ids(raw.get("slot"))
        self.groups = _ids(raw.get("group"))
        self.by_kind: dict[str, set[str]] = {
            "event": set(EVENTS) | _ids(raw.get("fact")),
            "clock": _ids(raw.get("clock")),
            "tier": _ids(tiers),
            "outcome": set().union(*(_ids(tier.get("outcome")) for tier in tiers)),
            "route": _ids(escalation.get("route")),
            "kind": _ids(escalation.get("kind")),
            "ladder_tier": set().union(*(_ids(ladder.get("tier")) for ladder in ladders)),
            "case_fact": _ids(raw.get("case_fact")),
            "decision": _ids(conference.get("decision")) if isinstance(conference, dict) else set(),
            "mode": _ids(dissent.get("mode")) if isinstance(dissent, dict) else set(),
        }

    def problem(self, to: str, value: str) -> str:
        """What is wrong with a reference, or nothing."""
        if to == "seat":
            return self._seat_problem(value)
        if value in self.by_kind[to]:
            return ""
        noun = {
            "case_fact": "fact of the case",
            "ladder_tier": "tier of a ladder",
            "kind": "kind of difference",
        }
        return f"There is no {noun.get(to, to)} “{value}” here."

    def _seat_problem(self, seat: str) -> str:
        kind, _, name = seat.partition(":")
        if kind == "line_manager":
            return self._seat_problem(name)
        if kind == "slot":
            return "" if name in self.slots else f"No role is named for “{seat}”: there is no slot “{name}”."
        if kind == "group":
            return (
                "" if name in self.groups else f"No role is named for “{seat}”: there is no group “{name}”."
            )
        if kind == "capacity" and name in CAPACITIES:
            return ""
        return f"“{seat}” is no seat. A seat is slot:…, capacity:…, group:… or line_manager:…."


# --- small things -------------------------------------------------------------------------------------------------


def _hints(cls: type[Any]) -> Mapping[str, Any]:
    if cls not in _HINTS:
        _HINTS[cls] = get_type_hints(cls, include_extras=True)
    return _HINTS[cls]


_HINTS: dict[type[Any], Mapping[str, Any]] = {}


def _is_required(each: "Field[Any]") -> bool:
    return each.init and each.default is MISSING and each.default_factory is MISSING


def _neutral(hint: Any) -> Any:
    """A value of the right type that says nothing."""
    origin = get_origin(hint) or hint
    if origin is Annotated:
        return ""
    if origin is Literal:
        return get_args(hint)[0]
    if origin is Mapping:
        return MappingProxyType({})
    if origin is date:
        return date.min
    if is_dataclass(origin):
        hints = _hints(hint)
        return hint(**{each.name: _neutral(hints[each.name]) for each in fields(hint) if _is_required(each)})
    return origin()


def _list(raw: Any) -> list[dict[str, Any]]:
    return [each for each in raw if isinstance(each, dict)] if isinstance(raw, list) else []


def _ids(raw: Any) -> set[str]:
    return {_name(each) for each in _list(raw)} - {""}


def _name(raw: Any) -> str:
    if not isinstance(raw, dict):
        return ""
    return next((str(raw[key]) for key in ID_KEYS if key in raw), "")


def _shown(raw: Any) -> str:
    """A value as an error quotes it: its beginning is enough."""
    words = raw if isinstance(raw, str) else repr(raw)
    words = words if len(words) <= 80 else f"{words[:80]}…"
    return f"“{words}”" if isinstance(raw, str) else words
