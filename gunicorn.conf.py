"""Read by gunicorn when it starts here: its access log holds no one-time link that somebody could use."""

from typing import Any

from gunicorn.glogging import Logger

from core.references import without_secrets


class DiscreetLogger(Logger):  # type: ignore[misc]
    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(*args, **kwargs)
        return {
            key: without_secrets(value) if isinstance(value, str) else value for key, value in found.items()
        }


logger_class = DiscreetLogger
