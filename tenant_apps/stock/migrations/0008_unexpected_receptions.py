from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stock', '0007_movement_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='reception',
            name='submission',
            field=models.UUIDField(null=True, unique=True),
        ),
    ]
