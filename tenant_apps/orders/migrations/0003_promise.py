from django.db import migrations, models

# Slots made before they counted deliveries have room for what was promised in them.
COUNT_DELIVERIES = """
    UPDATE shop_slot AS slot SET deliveries = held.count, delivery_capacity = greatest(slot.delivery_capacity, held.count)
    FROM (SELECT slot_id, count(*) AS count FROM orders_order WHERE mode = 'delivery' AND state <> 'cancelled'
          GROUP BY slot_id) AS held
    WHERE held.slot_id = slot.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_seen_version"),
        ("shop", "0002_kitchen_and_drivers"),
    ]

    operations = [
        migrations.AddField("order", "travel_minutes", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("order", "estimated_until_at", models.DateTimeField(null=True)),
        migrations.AlterField("orderevent", "capacity", models.CharField(choices=[("customer", "Customer"), ("counter", "Counter"), ("cook", "Pizzaiolo"), ("driver", "Driver"), ("manager", "Manager"), ("system", "System")], max_length=8)),
        migrations.RunSQL(COUNT_DELIVERIES, migrations.RunSQL.noop),
    ]
