from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0002_kitchen_and_drivers'),
    ]

    operations = [
        migrations.AddField(
            model_name='shopsettings',
            name='discount_limit_cents',
            field=models.PositiveIntegerField(default=500, verbose_name='or, if it is more'),
        ),
        migrations.AddField(
            model_name='shopsettings',
            name='discount_limit_percent',
            field=models.PositiveSmallIntegerField(default=20, help_text='What the counter may take off an order without the manager: this or the sum below, the larger.', verbose_name='discount of the counter (%)'),
        ),
        migrations.AddField(
            model_name='shopsettings',
            name='prepaid_above_cents',
            field=models.PositiveIntegerField(blank=True, help_text='Empty: never', null=True, verbose_name='deliveries above this are paid when ordered'),
        ),
    ]
