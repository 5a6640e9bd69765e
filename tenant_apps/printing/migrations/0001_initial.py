import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("orders", "0006_received")]

    operations = [
        migrations.CreateModel(
            name="PrintJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("kitchen", "Kitchen ticket"),
                            ("changed", "Changed ticket"),
                            ("cancelled", "Cancelled ticket"),
                            ("bag", "Bag label"),
                        ],
                        max_length=12,
                    ),
                ),
                ("version", models.PositiveSmallIntegerField()),
                ("copy", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "fault",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unreachable", "The printer cannot be reached"),
                            ("cut", "The printer was cut off"),
                            ("unanswered", "The printer does not say that it printed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("failed_at", models.DateTimeField(null=True)),
                ("printed_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="print_jobs", to="orders.order"
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["-printed_at"], name="print_job_by_printed")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "kind", "version", "copy"), name="printed_once_unless_asked_again"
                    )
                ],
            },
        ),
    ]
