"""Files that people send: one that is too large is dropped while it comes, and what was typed beside it is kept."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

MAX_FILE = 10 * 1024 * 1024  # bytes


class LimitedUpload(FileUploadHandler):
    """Stops taking a file at its limit. `request.too_large` then says so, and the form has its sentence."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > MAX_FILE:
            if self.request is not None:
                self.request.too_large = True  # type: ignore[attr-defined]  # read by the form
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
