from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_online_payment"),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="asked_as",
            field=models.CharField(blank=True, db_default="", max_length=10),
        ),
    ]
