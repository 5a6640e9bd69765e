from django.urls import path

from tenant_apps.books.views import archives, closings, journal, training

app_name = "books"
urlpatterns = [
    path("", closings.till, name="till"),
    path("cloturer/", closings.close_day, name="close_day"),
    path("clotures/", closings.closings, name="closings"),
    path("clotures/<int:closing_number>/", closings.closing, name="closing"),
    path("chiffres.csv", closings.figures_csv, name="figures_csv"),
    path("virements.csv", closings.payouts_csv, name="payouts_csv"),
    path("journal/", journal.journal, name="journal"),
    path("journal/<int:entry_number>/", journal.entry, name="entry"),
    path("verifier/", journal.verify, name="verify"),
    path("archives/", archives.archives, name="archives"),
    path("archives/faire/", archives.make_archive, name="make_archive"),
    path("archives/<int:archive_number>.zip", archives.archive, name="archive"),
    path("ecole/", training.training, name="training"),
    path("ecole/ouvrir/", training.set_training, name="set_training"),
    path("ecole/vendre/", training.practise, name="practise"),
    path("ecole/tickets/<int:entry_number>/", training.training_receipt, name="training_receipt"),
]
