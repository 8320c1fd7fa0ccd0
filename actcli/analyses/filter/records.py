"""Cut a stream of CSV into blocks of whole records, and find where each cell ends, without parsing any.

A quote opens a quoted cell only as the first byte of a cell, as in RFC 4180 and Python's csv module; anywhere else
it is text (`5" pipe`). Only a line feed outside quotes ends a record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    Array = np.ndarray[Any, np.dtype[Any]]

BLOCK = 2 << 20
"""Bytes read at a time: larger blocks fall out of the processor's cache and are slower."""
MOST_RECORDS = 1 << 17
"""Records at a time: where they are very short, their numbers take many times the memory of their text."""
LONGEST = 16 << 20
"""Bytes in the longest record: beyond it, a stray quote would have the rest of the file in memory."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LF, _CR, _QUOTE = b'\n\r"'


class Block(NamedTuple):
    """Whole records: their bytes, where each cell ends, and whether the last line feed is in the file."""

    raw: bytes
    separators: Array
    closed: bool

    @property
    def bytes(self) -> Array:
        """The bytes as numbers."""
        return np.frombuffer(self.raw, np.uint8)

    @property
    def record_ends(self) -> Array:
        """Positions of the line feeds that end the records."""
        ends: Array = self.separators[self.bytes[self.separators] == _LF]
        return ends

    def start(self, record: int) -> int:
        """Return where a record begins."""
        return int(self.record_ends[record - 1]) + 1 if record else 0

    def split(self, records: int) -> tuple[Block, Block]:
        """Return the first so many records (fewer than there are, or all) and the others."""
        end = self.start(records)
        cells = int(np.searchsorted(self.separators, end))
        others = Block(self.raw[end:], self.separators[cells:] - end, self.closed)
        return Block(self.raw[:end], self.separators[:cells], self.closed or bool(others.raw)), others


class Records:
    """The records of a stream, block by block.

    `header` is the block with the first record where there is a header, `delimiter` the one given, or else a comma
    unless the first line has none but has semicolons or tabs.

    Raises UsageError for what is not CSV in UTF-8: NUL bytes, other encodings, a lone carriage return outside quotes,
    a quote that is never closed, a record longer than `LONGEST`; a header that isn't there.
    """

    def __init__(self, source: BinaryIO, *, header: bool, delimiter: str | None, label: str) -> None:
        head = _first_line(source)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UsageError(f"{label}: the text is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)")
        self.mark = BYTE_ORDER_MARK if head.startswith(BYTE_ORDER_MARK) else b""
        self._source, self._unread = source, head[len(self.mark) :]
        self.delimiter = _byte(delimiter) if delimiter is not None else _likely_delimiter(self._unread)
        self._label, self._header_lines = label, int(header)
        self._row, self._line = 1 - self._header_lines, 1
        self._blocks = self._scanned()
        self._first = next(self._blocks, None)
        self.header: Block | None = None
        if header:
            if self._first is None:
                raise UsageError(f"{label}: the file is empty, without even a header")
            self.header, self._first = self._first.split(1)
            self._row, self._line = 1, 1 + self.header.raw.count(b"\n")

    def __iter__(self) -> Iterator[Block]:
        """Iterate over the blocks after the header; none is empty."""
        if self._first is not None and self._first.raw:
            yield self._first
        yield from self._blocks

    def error(self, block: Block, record: int, what: str) -> UsageError:
        """Return the error about a record of the block that was yielded last; `what` follows its place."""
        row = self._row + record
        line = self._line + block.raw.count(b"\n", 0, block.start(record))
        place = f"row {row}" if row else "the header"
        # An editor's line number is only news where cells hold line breaks.
        if line != row + self._header_lines:
            place += f" (line {line})"
        return UsageError(f"{self._label}: {place}{what}")

    def _scanned(self) -> Iterator[Block]:
        chunk, rest = self._unread, b""
        self._unread = b""
        while chunk or rest:
            # One chunk ahead, so that what is wrong with the end of a small file is known before any of it is written.
            following = self._source.read(BLOCK) if chunk else b""
            raw = rest + chunk
            closed = bool(following) or raw.endswith(b"\n")
            raw += b"" if closed else b"\n"
            separators = _separators(raw, self.delimiter[0]).astype(np.int32)
            ends = np.flatnonzero(np.frombuffer(raw, np.uint8)[separators] == _LF)
            length = int(separators[ends[-1]]) + 1 if len(ends) else 0
            block = Block(raw[:length], separators[: ends[-1] + 1 if len(ends) else 0], closed)
            chunk, rest = following, raw[length:]
            self._check_text(block)
            if rest and not following:
                raise self.error(block, len(ends), ": a quote is opened and never closed; is the file cut short?")
            if len(rest) > LONGEST:
                what = f" is longer than {LONGEST >> 20} MiB; is a quote opened and never closed?"
                raise self.error(block, len(ends), what)
            for count in _steps(len(ends)):
                part, block = block.split(count) if count < len(ends) else (block, block)
                row, line = self._row, self._line
                yield part
                # Only quoted cells hold line feeds that end no record.
                lines = part.raw.count(b"\n") if b'"' in part.raw else count
                self._row, self._line = row + count, line + lines

    def _check_text(self, block: Block) -> None:
        raw = block.raw
        if b"\0" in raw:
            raise self._error_at(block, raw.index(b"\0"), ": a NUL byte; this is not a text file")
        try:
            if not raw.isascii():
                raw.decode()
        except UnicodeDecodeError as error:
            what = f": byte 0x{raw[error.start]:02X} is not UTF-8; convert the file first (iconv -f LATIN1 -t UTF-8)"
            raise self._error_at(block, error.start, what) from None
        if b"\r" in raw:
            self._check_carriage_returns(block)

    def _check_carriage_returns(self, block: Block) -> None:
        octets, separators = block.bytes, block.separators
        returns = np.flatnonzero(octets == _CR)
        cells = np.searchsorted(separators, returns)
        ends = separators[cells]
        starts = np.where(cells > 0, separators[cells - 1] + 1, 0)
        at_line_end = (returns + 1 == ends) & (octets[ends] == _LF)
        lone = returns[~at_line_end & (octets[starts] != _QUOTE)]
        if len(lone):
            what = ": a carriage return without a line feed; convert the line ends first (tr '\\r' '\\n')"
            raise self._error_at(block, int(lone[0]), what)

    def _error_at(self, block: Block, position: int, what: str) -> UsageError:
        return self.error(block, int(np.searchsorted(block.record_ends, position)), what)


def _byte(delimiter: str) -> bytes:
    delimiter = "\t" if delimiter == r"\t" else delimiter
    # Characters of numbers are out, so appended cells never need quotes.
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter.isalnum() or delimiter in '"\r\n\0+-._':
        raise UsageError(f"the delimiter {delimiter!r} is not one ASCII character that numbers and quotes don't need")
    return delimiter.encode()


def _steps(records: int) -> list[int]:
    return [min(MOST_RECORDS, records - done) for done in range(0, records, MOST_RECORDS)]


def _first_line(source: BinaryIO) -> bytes:
    """Return the beginning of the stream: a block, or more until it has a line end."""
    head = chunk = source.read(BLOCK)
    while chunk and b"\n" not in chunk and len(head) <= LONGEST:
        chunk = source.read(BLOCK)
        head += chunk
    return head


def _likely_delimiter(head: bytes) -> bytes:
    line = head.partition(b"\n")[0]
    if b"," in line:
        return b","
    likely = max((b";", b"\t"), key=line.count)
    return likely if likely in line else b","


def _separators(raw: bytes, delimiter: int) -> Array:
    """Return the positions of the delimiters and line feeds outside quotes; `raw` begins with a record."""
    octets = np.frombuffer(raw, np.uint8)
    separator = (octets == delimiter) | (octets == _LF)
    if b'"' not in raw:
        return np.flatnonzero(separator)
    marks = np.flatnonzero(separator | (octets == _QUOTE))
    quote = octets[marks] == _QUOTE
    quotes = marks[quote]
    # Every other quote opens: at the start of a cell, or right after a quote as the second half of a doubled one.
    before = octets[np.maximum(quotes[::2], 1) - 1]
    opens = (before == delimiter) | (before == _LF) | (before == _QUOTE) | (quotes[::2] == 0)
    if not opens.all():
        return _separators_among_stray_quotes(raw, delimiter)
    outside = np.cumsum(quote, dtype=np.uint8) & 1 == 0
    found: Array = marks[outside & ~quote]
    return found


def _separators_among_stray_quotes(raw: bytes, delimiter: int) -> Array:
    between = re.escape(bytes([delimiter]))
    # Possessive throughout: a cell has one reading, and an unclosed quote must not be tried as another.
    cell = re.compile(rb'(?:"(?:[^"]++|"")*+"?+)?+[^%b\n]*+([%b\n]|\Z)' % (between, between))
    ends = [match.start(1) for match in cell.finditer(raw)]
    return np.array([end for end in ends if end < len(raw)], np.intp)
