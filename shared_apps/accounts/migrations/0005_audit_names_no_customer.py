"""What customers did to their own account named them in a history that is kept for ever: their number is enough."""

from django.db import migrations

OWN_ACTS = """
    UPDATE accounts_auditentry AS entry SET subject = 'n° ' || actor_id
    WHERE pizzeria_id IS NULL AND actor_id IS NOT NULL
    AND act IN ('password', 'second_factor_on', 'second_factor_off', 'rescue_codes')
    AND NOT EXISTS (SELECT FROM accounts_membership AS member WHERE member.user_id = entry.actor_id)
"""


class Migration(migrations.Migration):
    contracts = "writes other words in a column of text"

    dependencies = [("accounts", "0004_email_proven")]

    operations = [migrations.RunSQL(OWN_ACTS, migrations.RunSQL.noop)]
