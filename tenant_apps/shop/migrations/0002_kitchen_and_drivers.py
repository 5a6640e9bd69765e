import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

# As many places as make the work that the slot had, at five minutes a pizza; and back. In SQL, so that a new schema
# replays the whole of it (ADR 0005).
PLACES_FROM_WORK = """
    UPDATE shop_shopsettings SET oven_places = greatest(1, round(slot_work * 5.0 / (100 * greatest(slot_minutes, 1))))
"""
WORK_FROM_PLACES = "UPDATE shop_shopsettings SET slot_work = 100 * oven_places * slot_minutes / make_minutes"


class Migration(migrations.Migration):
    # The rows are rewritten and the column then dropped, in one table: no pending trigger may stand between.
    dependencies = [
        ("shop", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("shopsettings", "oven_places", models.PositiveSmallIntegerField("places in the oven", default=4, help_text="How many pizzas are made at the same time")),
        migrations.AddField("shopsettings", "make_minutes", models.PositiveSmallIntegerField("minutes to make a pizza", default=5, help_text="How long one pizza takes one of these places")),
        migrations.AddField("shopsettings", "usual_drivers", models.PositiveSmallIntegerField("usual number of drivers", default=2)),
        migrations.AddField("shopsettings", "deliveries_per_driver", models.PositiveSmallIntegerField("deliveries of one driver in a slot", default=2)),
        migrations.AddField("shopsettings", "drivers_on_shift", models.PositiveSmallIntegerField("drivers on shift now", default=0, editable=False)),
        migrations.AddField("shopsettings", "rush_minutes", models.PositiveSmallIntegerField(default=0, editable=False)),
        migrations.AddField("shopsettings", "rush_until_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("shopsettings", "web_delivery_closed_until_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("shopsettings", "web_collection_closed_until_at", models.DateTimeField(null=True, editable=False)),
        migrations.RunSQL(PLACES_FROM_WORK, WORK_FROM_PLACES),
        migrations.RemoveField("shopsettings", "slot_work"),
        migrations.AddConstraint("shopsettings", models.CheckConstraint(condition=Q(oven_places__gte=1, make_minutes__gte=1), name="the_kitchen_makes_pizzas")),
        migrations.AddConstraint("shopsettings", models.CheckConstraint(condition=Q(rush_minutes=0) | Q(rush_until_at__isnull=False), name="a_rush_has_an_end")),
        migrations.AddField("slot", "delivery_capacity", models.PositiveSmallIntegerField(default=4), preserve_default=False),
        migrations.AddField("slot", "deliveries", models.PositiveSmallIntegerField(default=0)),
        migrations.AddConstraint("slot", models.CheckConstraint(condition=Q(deliveries__lte=F("delivery_capacity")), name="slot_never_over_its_drivers")),
        migrations.CreateModel(
            name="TradingChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("actor", models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ("id",)},
        ),
    ]
