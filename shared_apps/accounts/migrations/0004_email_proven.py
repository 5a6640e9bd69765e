from django.db import migrations, models

# Whoever works in the group was trusted until now, and has signed in.
PROVEN = """
    UPDATE accounts_user SET email_proven_at = created_at
    WHERE last_login IS NOT NULL AND id IN (SELECT user_id FROM accounts_membership)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_fiscal_role")]

    contracts = "remplit la colonne ajoutée ici, que la version d’avant ne lit pas"
    operations = [
        migrations.AddField("user", "email_proven_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunSQL(PROVEN, migrations.RunSQL.noop),
    ]
