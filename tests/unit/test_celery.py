"""The settings without which Celery loses or doubles work, and what nobody may use."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from config.celery import app

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for folder in settings.INSTALLED_APPS
    if (ROOT / folder).is_dir()
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "UTC"),
        ("task_acks_late", True),
        ("task_reject_on_worker_lost", True),
        ("worker_prefetch_multiplier", 1),
        ("task_ignore_result", True),
        ("worker_soft_shutdown_timeout", 25),
        ("worker_enable_soft_shutdown_on_idle", True),
        ("broker_connection_retry_on_startup", True),
        ("task_publish_retry", False),
    ],
)
def test_a_setting_that_keeps_work_from_being_lost(name: str, value: object) -> None:
    assert app.conf[name] == value


def test_the_visibility_timeout_is_the_same_in_all_three_places_and_longer_than_any_task() -> None:
    assert app.conf.broker_transport_options["visibility_timeout"] == 600
    assert app.conf.result_backend_transport_options["visibility_timeout"] == 600
    assert settings.CELERY_VISIBILITY_TIMEOUT == 600
    assert app.conf.task_time_limit < 600


def test_every_task_of_the_beat_table_exists_and_none_outlives_its_next_tick() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        if isinstance(entry["schedule"], float):
            assert entry["options"]["expires"] < entry["schedule"]


def test_no_task_is_put_off_in_redis() -> None:
    """An ETA that is longer than the visibility timeout is executed again and again; a date belongs in a row."""
    found = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                used = {keyword.arg for keyword in node.keywords} & {"eta", "countdown"}
                named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                if named == "apply_async" or (used and named in ("delay", "s", "si", "signature", "retry")):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
    assert len(CODE) > 100


def test_tasks_are_given_ids_only() -> None:
    """No name of anybody gets into Redis: a task takes numbers, or nothing."""
    for path in CODE:
        if path.name != "tasks.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                arguments = [*node.args.args, *node.args.kwonlyargs]
                assert all(
                    isinstance(a.annotation, ast.Name) and a.annotation.id == "int" for a in arguments
                ), path
