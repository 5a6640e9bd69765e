import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_counter_limits")]

    operations = [
        migrations.AddField(
            model_name="shopsettings",
            name="zone_polygon",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.FloatField(), size=2
                ),
                blank=True,
                default=list,
                help_text="Latitude, longitude of each corner",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="shopsettings",
            name="delivery_bands",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.PositiveIntegerField(), size=3
                ),
                blank=True,
                default=list,
                help_text="Metres from the shop, fee and minimum in cents",
                size=None,
            ),
        ),
    ]
