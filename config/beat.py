"""Beat's scheduler: Celery's own, which also goes on when the clock of its machine is set back.

Celery's keeps the time of each next tick as the clock showed it. When that clock was ahead and is put right, it would
wait until the wrong time has come, for days if need be, and so would the next beat, which reads the same times from
the schedule's file. Found by tests/faults.
"""

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):  # type: ignore[misc, unused-ignore]
    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = self.app.now()
        ahead = [
            entry
            for entry in self.schedule.values()
            if entry.last_run_at is not None and entry.last_run_at > now
        ]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None  # laid out anew, from these times
        wait: float = super().tick(*args, **kwargs)
        return wait
