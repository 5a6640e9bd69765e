from tenant_apps.delivery.change import likely


def pairs(due_cents: int) -> list[tuple[int, int]]:
    return [(given.given_cents, given.back_cents) for given in likely(due_cents)]


def test_the_notes_somebody_is_likely_to_give_have_their_change():
    assert pairs(1250) == [(1500, 250), (2000, 750), (5000, 3750)]
    assert pairs(4380) == [(4500, 120), (5000, 620), (6000, 1620)]


def test_an_exact_note_needs_none():
    assert pairs(2000) == [(5000, 3000)]
    assert pairs(0) == []
