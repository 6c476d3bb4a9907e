"""Reads of papers: letters and packs as they would be printed, the extract for a summary, exports and calendars."""
