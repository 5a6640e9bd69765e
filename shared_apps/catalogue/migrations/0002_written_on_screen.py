from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ingredient",
            name="edited_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="edited_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
