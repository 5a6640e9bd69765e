import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(choices=[('conditions-de-vente', 'Terms of sale'), ('mentions-legales', 'Legal notice'), ('confidentialite', 'Privacy')], max_length=20)),
                ('source', models.TextField()),
                ('based_on', models.PositiveIntegerField()),
                ('saved_at', models.DateTimeField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'author'), name='one_draft_per_page_and_author')],
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(choices=[('conditions-de-vente', 'Terms of sale'), ('mentions-legales', 'Legal notice'), ('confidentialite', 'Privacy')], max_length=20)),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=20)),
                ('source', models.TextField()),
                ('values', models.JSONField(default=dict)),
                ('published_at', models.DateTimeField()),
                ('effective_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'number'), name='one_version_per_page_and_number'), models.UniqueConstraint(fields=('page', 'name'), name='one_version_per_page_and_name'), models.CheckConstraint(condition=models.Q(('effective_at__gte', models.F('published_at'))), name='a_version_never_applies_before_it_is_published')],
            },
        ),
    ]

