class RuleError(Exception):
    """A rule of the business says no. The message is for the screen, translated.

    Services raise it; `core.middleware` answers 409 with the message where a view does not show it in its own form.
    """
