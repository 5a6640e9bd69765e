"""What a benchmark says: a table to read and `bench/results.json` to compare over time."""

import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import django
import psycopg2

from bench import database

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Target:
    """What ours should be: so many times the reference at least, or at most, or at most so much more, in their unit."""

    sense: Literal[">=", "<=", "<= +"]
    bound: float

    def __str__(self) -> str:
        return f"{self.sense}{self.bound:g}" if self.sense == "<= +" else f"{self.sense} {self.bound:g}"

    def is_met(self, ours: float, theirs: float) -> bool:
        if self.sense == "<= +":
            return ours - theirs <= self.bound
        ratio = ours / theirs
        return ratio >= self.bound if self.sense == ">=" else ratio <= self.bound


@dataclass(frozen=True, slots=True)
class Line:
    """One measured work, medians of samples taken in turn: ours, the reference, ours, the reference…"""

    work: str
    reference: str  # what it is compared with; empty, as `theirs` is, when there is none
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float]
    checked: str  # how we know that the work was done
    target: Target | None = None  # none: reported only

    @property
    def our_median(self) -> float:
        return statistics.median(self.ours)

    @property
    def their_median(self) -> float | None:
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        return self.our_median / self.their_median if self.their_median else None

    @property
    def is_met(self) -> bool | None:
        """None without a target."""
        if self.target is None or self.their_median is None:
            return None
        return self.target.is_met(self.our_median, self.their_median)

    @property
    def verdict(self) -> str:
        return "reported" if self.is_met is None else f"{self.target} {'met' if self.is_met else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    work: str
    reason: str


class NotDone(AssertionError):
    """The rows that the work leaves are not there: its figure would mean nothing."""


def expect(what: str, *, found: object, wanted: object) -> None:
    """Raises NotDone."""
    if found != wanted:
        raise NotDone(f"{what}: {found}, not {wanted}")


@dataclass(slots=True)
class Report:
    results: list[Line | NotMeasured] = field(default_factory=list)

    def add(self, result: Line | NotMeasured) -> None:
        self.results.append(result)
        print(_progress(result), flush=True)

    def table(self) -> str:
        header = ("work", "reference", "ours", "reference", "unit", "ratio", "target")
        rows = [header, *(_cells(line) for line in self.results if isinstance(line, Line))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
        text = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
        text.insert(1, "  ".join("-" * width for width in widths))
        done = (f"Done: {line.work}: {line.checked}" for line in self.results if isinstance(line, Line))
        text += ["", *dict.fromkeys(done)]
        text += [f"NOT MEASURED: {it.work}: {it.reason}" for it in self.results if isinstance(it, NotMeasured)]
        return "\n".join(text)

    def write(self, *, seconds: float) -> None:
        content = {
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds),
            "full": bool(os.environ.get("BENCH_FULL")),
            "machine": _machine(),
            "versions": _versions(),
            "rows": [_row(result) for result in self.results],
        }
        RESULTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _progress(result: Line | NotMeasured) -> str:
    if isinstance(result, NotMeasured):
        return f"  {result.work}: not measured, {result.reason}"
    beside = f", ratio {result.ratio:.2f}" if result.ratio else ""
    return f"  {result.work}: {_figure(result.our_median)} {result.unit}{beside}"


def _cells(line: Line) -> tuple[str, ...]:
    theirs = _figure(line.their_median) if line.their_median else ""
    ratio = f"{line.ratio:.2f}" if line.ratio else ""
    return (line.work, line.reference, _figure(line.our_median), theirs, line.unit, ratio, line.verdict)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    figures = {2, 3, 5}
    return [
        cell.rjust(width) if column in figures else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _row(result: Line | NotMeasured) -> dict[str, object]:
    if isinstance(result, NotMeasured):
        return asdict(result)
    return {
        "work": result.work,
        "reference": result.reference,
        "unit": result.unit,
        "ours": round(result.our_median, 3),
        "theirs": round(result.their_median, 3) if result.their_median else None,
        "ratio": round(result.ratio, 3) if result.ratio else None,
        "target": str(result.target) if result.target else None,
        "met": result.is_met,
        "checked": result.checked,
        "our_samples": [round(sample, 3) for sample in result.ours],
        "their_samples": [round(sample, 3) for sample in result.theirs],
    }


def _machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_of_the_last_minutes": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _versions() -> dict[str, str]:
    settings = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "psycopg2": psycopg2.__version__,
        "gunicorn": version("gunicorn"),
        **{f"postgresql {name}": database.asked(f"SHOW {name}")[0][0] for name in settings},
    }
