"""Report → text or bytes on its destinations, one file a format. Nothing is formatted before this layer.

Importing this package loads no library: what a format needs is imported when it is written.
"""

from actcli.render.output import check_output, format_from_path, is_stream, open_output
from actcli.render.plan import FORMATS, Plan, plan
from actcli.render.run import render
from actcli.render.terminal import Terminal, ascii_fallback

__all__ = [
    "FORMATS",
    "Plan",
    "Terminal",
    "ascii_fallback",
    "check_output",
    "format_from_path",
    "is_stream",
    "open_output",
    "plan",
    "render",
]
