from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("told", "0001_initial")]

    operations = [
        migrations.AlterField("message", "kind", models.CharField(choices=[("confirmation", "Confirmation"), ("changed", "Changed"), ("cancelled", "Cancelled"), ("delayed", "Delayed")], max_length=16)),
    ]
