from django.db import models


class Geocode(models.Model):
    """An answer of Google kept 30 days, as its terms allow; the key is a digest, so that no address is stored twice."""

    digest = models.CharField(primary_key=True, max_length=64)
    place_id = models.CharField(max_length=300)
    latitude = models.FloatField()
    longitude = models.FloatField()
    street = models.CharField(max_length=120)
    postcode = models.CharField(max_length=5)
    city = models.CharField(max_length=80)
    fetched_at = models.DateTimeField()


class DailyCalls(models.Model):
    """Calls made to Google in a day, against MAPS_DAILY_CALLS; in the database since processes are several."""

    day = models.DateField(primary_key=True)
    calls = models.PositiveIntegerField(default=0)


class Outage(models.Model):
    """The breaker: after a failure nobody calls Google before `until`, so that only one customer waited for it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()
