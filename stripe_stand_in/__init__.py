"""A stand-in for Stripe, for the demonstration and the tests: a small stateful HTTP server that the real SDK talks to.

No Django here, nothing but the standard library. Started by `python -m stripe_stand_in` (`make run` does, when there is no
STRIPE_API_KEY). It takes no real key and refuses to run beside production settings. Its answers and parameters are
checked against the installed SDK's own types (tests/test_contract.py), so an upgrade of the SDK says what changed.
"""
