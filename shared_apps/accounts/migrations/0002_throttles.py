from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache, where attempts to sign in are counted: by every process together."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE TABLE django_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL,"
            " expires timestamp with time zone NOT NULL);"
            " CREATE INDEX django_cache_expires ON django_cache (expires)",
            "DROP TABLE django_cache",
        )
    ]
