import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0001_initial'),
        ('customers', '0001_initial'),
        ('orders', '0004_wants_steps'),
        ('shop', '0003_counter_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BlockedNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone', models.CharField(max_length=16, unique=True)),
                ('reason', models.CharField(max_length=200)),
                ('blocked_at', models.DateTimeField()),
                ('until_date', models.DateField(null=True)),
                ('passes', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ('-blocked_at',),
            },
        ),
        migrations.AddField(
            model_name='order',
            name='remake_reason',
            field=models.CharField(blank=True, choices=[('burnt', 'Burnt or dropped'), ('wrong', 'Not what was ordered'), ('missing', 'Missing from the bag'), ('cold', 'Cold or too late'), ('damaged', 'Damaged on the road'), ('complaint', 'The customer complained'), ('other', 'Another reason')], max_length=16),
        ),
        migrations.AddField(
            model_name='order',
            name='remake_words',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='order',
            name='remakes',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='remade_by', to='orders.order'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='list_price_cents',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='price_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='orderline',
            name='price_reason',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name='case',
            name='kind',
            field=models.CharField(choices=[('shortage', 'An ingredient is missing'), ('remake', 'To be made again')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('remakes', None), ('total_cents', 0), _connector='OR'), name='a_remake_sells_nothing'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('remake_reason', ''), ('remakes', None)), models.Q(('remakes__isnull', False), models.Q(('remake_reason', ''), _negated=True)), _connector='OR'), name='a_remake_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('list_price_cents', None), models.Q(('list_price_cents__gte', models.F('unit_price_cents')), models.Q(('price_reason', ''), _negated=True)), _connector='OR'), name='an_agreed_price_is_lower_and_has_a_reason'),
        ),
        migrations.AddField(
            model_name='blockednumber',
            name='blocked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='blockednumber',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_blocked_number_has_a_reason'),
        ),
    ]
