#!/usr/bin/env python
"""Django's command line, after `.env`."""

import sys

from django.core.management import execute_from_command_line

from ocpizza import environment


def main() -> None:
    environment.load()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
