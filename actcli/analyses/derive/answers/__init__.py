"""Somebody's derivative, marked: right, equivalent, or wrong, and which slip it was."""
