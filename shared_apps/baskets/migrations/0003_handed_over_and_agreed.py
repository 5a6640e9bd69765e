import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('baskets', '0002_counter'),
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='basket',
            name='contact',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='basket',
            name='handed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tenants.pizzeria'),
        ),
        migrations.AddField(
            model_name='basketline',
            name='agreed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='basketline',
            name='agreed_by_manager',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='basketline',
            name='agreed_cents',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='basketline',
            name='agreed_reason',
            field=models.CharField(blank=True, max_length=120),
        ),
    ]
