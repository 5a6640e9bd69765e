"""`python -m bench [line…]`: everything, kept in `bench/results.json`, or the lines named; BENCH_FULL=1 adds the long sizes."""

import importlib
import signal
import sys
import time

from bench import database

LINES = (
    "group_view",
    "placing",
    "checkout",
    "paying",
    "menu",
    "kitchen",
    "live",
    "memory",
    "isolation",
    "provisioning",
    "migrating",
)  # the group view first: it reads every shop there is


def main() -> None:
    chosen = sys.argv[1:] or list(LINES)
    if unknown := set(chosen) - set(LINES):
        sys.exit(f"Unknown: {', '.join(sorted(unknown))}. There are: {', '.join(LINES)}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the database is dropped
    database.choose()
    with database.created():
        _measure(chosen)


def _measure(chosen: list[str]) -> None:
    import django  # noqa: PLC0415  its settings read what `database.choose` wrote

    django.setup()
    from bench import reporting, shops  # noqa: PLC0415  they import models

    start = time.monotonic()
    shops.prepare_public_schema()
    report = reporting.Report()
    for name in chosen:
        print(f"{name}…", flush=True)
        try:
            for result in importlib.import_module(f"bench.{name}").lines():
                report.add(result)
        except Exception as error:  # the other lines go on, and the report says what failed
            report.add(reporting.NotMeasured(name, f"{type(error).__name__}: {error}"))
    print(f"\n{report.table()}")
    if chosen == list(LINES):  # a part of it does not replace the whole
        report.write(seconds=time.monotonic() - start)


if __name__ == "__main__":
    main()
