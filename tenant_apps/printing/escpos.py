"""The few ESC/POS commands that a ticket takes, as every thermal receipt printer since the Epson TM-T88 knows them."""

import textwrap
import unicodedata

COLUMNS = 42  # of the ordinary font on 80 mm paper
WIDE_COLUMNS = COLUMNS // 2
INITIALIZE = b"\x1b@\x1bt\x10"  # and code page 16, Windows-1252: every letter of French, œ and € included
ENCODING = "cp1252"
CUT = b"\x1dVB\x00"
OPEN_DRAWER = b"\x1bp\x00\x19\xfa"  # a pulse of 50 ms on the first pin, then 500 ms of rest
STATUS = b"\x1dr\x01"  # answered by one byte, once everything before it is done
BIG, TALL, PLAIN = 0x33, 0x11, 0x00  # 4 × 4, 2 × 2, 1 × 1
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


def encoded(text: str) -> bytes:
    """A letter that the printer does not have is printed without its marks, and failing that as « ? »."""
    letters = unicodedata.normalize("NFC", text.translate(SPACES))
    return b"".join(_letter(letter) for letter in letters if letter.isprintable())


def _letter(letter: str) -> bytes:
    try:
        return letter.encode(ENCODING)
    except UnicodeEncodeError:
        return unicodedata.normalize("NFKD", letter)[:1].encode(ENCODING, "replace")


class Paper:
    """What is printed, line after line."""

    def __init__(self) -> None:
        self._parts = [INITIALIZE]

    def line(self, text: str, *, size: int = PLAIN, bold: bool = False, reversed_out: bool = False) -> None:
        columns = COLUMNS // ((size & 0x0F) + 1)
        for row in textwrap.wrap(text.translate(SPACES), columns) or [""]:
            self._parts += [
                b"\x1d!" + bytes([size]),
                b"\x1bE" + bytes([bold]),
                b"\x1dB" + bytes([reversed_out]),
                encoded(row),
                b"\x1dB\x00\n",
            ]

    def rule(self) -> None:
        self.line("-" * COLUMNS)

    def cut(self) -> bytes:
        return b"".join([*self._parts, b"\n", CUT, STATUS])
