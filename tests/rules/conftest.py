"""The bank holidays are loaded once for all tests of the rules: they are the same for everyone."""

import pytest
from pytest_django import DjangoDbBlocker

from partnerships.actions import load_bank_holidays


@pytest.fixture(scope="session", autouse=True)
def _bank_holidays(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        load_bank_holidays()
