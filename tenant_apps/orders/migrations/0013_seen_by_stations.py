from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0012_order_discounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='seen_by_stations',
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
