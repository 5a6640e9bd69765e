"""The group's card, edited once for all shops. Nothing here says what a shop has: that is `stock`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Allergen(models.TextChoices):
    """The 14 of EU regulation 1169/2011, annex II."""

    GLUTEN = "gluten", _("gluten")
    CRUSTACEANS = "crustaceans", _("crustaceans")
    EGGS = "eggs", _("eggs")
    FISH = "fish", _("fish")
    PEANUTS = "peanuts", _("peanuts")
    SOYBEANS = "soybeans", _("soya")
    MILK = "milk", _("milk")
    NUTS = "nuts", _("nuts")
    CELERY = "celery", _("celery")
    MUSTARD = "mustard", _("mustard")
    SESAME = "sesame", _("sesame")
    SULPHITES = "sulphites", _("sulphites")
    LUPIN = "lupin", _("lupin")
    MOLLUSCS = "molluscs", _("molluscs")


class ServiceMode(models.TextChoices):
    DELIVERY = "delivery", _("Delivery")
    COLLECTION = "collection", _("Take-away")
    EAT_IN = "eat_in", _("Eat in")


class VatClass(models.TextChoices):
    """What decides the rate together with the service mode and the date (CGI art. 278-0 bis, 279 m and n)."""

    MEAL = "meal", _("meal")
    CLOSED_SOFT_DRINK = "closed_soft_drink", _("closed soft drink")
    HOT_DRINK = "hot_drink", _("hot drink")
    ALCOHOL = "alcohol", _("alcohol")
    CLOSED_FOOD = "closed_food", _("closed food that keeps")


class VatRate(models.Model):
    """A dated rate; a change of the law is a new row, never an edit."""

    append_only = True

    vat_class = models.CharField(max_length=20, choices=VatClass)
    mode = models.CharField(max_length=12, choices=ServiceMode)
    valid_from = models.DateField()
    basis_points = models.PositiveSmallIntegerField(help_text=_("1000 is 10 %"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vat_class", "mode", "valid_from"], name="one_vat_rate_per_class_mode_date")
        ]


class Ingredient(models.Model):
    """Something a recipe uses and a shop counts. Quantities everywhere are in its unit."""

    class Unit(models.TextChoices):
        GRAM = "g", _("gram")
        MILLILITRE = "ml", _("millilitre")
        PIECE = "piece", _("piece")

    class Species(models.TextChoices):
        """Meats whose origin every menu shows (decrees 2002-1465 and 2022-65)."""

        BEEF = "beef", _("beef")
        PORK = "pork", _("pork")
        SHEEP = "sheep", _("sheep")
        POULTRY = "poultry", _("poultry")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    unit = models.CharField(_("unit"), max_length=5, choices=Unit)
    allergens = ArrayField(models.CharField(max_length=12, choices=Allergen), default=list, blank=True)
    allergens_declared = models.BooleanField(_("allergens checked"), default=False)
    species = models.CharField(max_length=8, choices=Species, blank=True)
    origin = models.CharField(_("origin"), max_length=60, blank=True)
    drawing = models.SlugField(max_length=30, blank=True, help_text=_("How the pizza's picture shows it"))
    is_dough = models.BooleanField(default=False)
    par_quantity = models.DecimalField(
        max_digits=12, decimal_places=2, help_text=_("What a shop holds at the start of a day, in the unit")
    )
    # Since when it is head office's own: the files change it no more (ADR 0042).
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(species="") | ~Q(origin=""), name="meat_of_beef_pork_sheep_poultry_has_an_origin"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Size(models.Model):
    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=30)
    diameter_cm = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    class Category(models.TextChoices):
        PIZZA = "pizza", _("Pizzas")
        SIDE = "side", _("Sides")
        DESSERT = "dessert", _("Desserts")
        DRINK = "drink", _("Drinks")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    description = models.CharField(_("description"), max_length=200, blank=True)
    category = models.CharField(max_length=8, choices=Category)
    base = models.SlugField(max_length=30, blank=True, help_text=_("The sauce of a pizza, as its picture shows it"))
    steps = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    vat_class = models.CharField(max_length=20, choices=VatClass)
    vegetarian = models.BooleanField(default=False)
    published = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    # Since when it is head office's own: the files change it no more (ADR 0042).
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """What is sold and priced: a product in one size, or a product that has no size."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    size = models.ForeignKey(Size, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    price_cents = models.PositiveIntegerField()
    # Kitchen work of one piece, in hundredths of a pizza: a drink is 0, a pizza 100, a large one more.
    work = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("product", "size__position")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "size"], nulls_distinct=False, name="one_variant_per_product_and_size"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.size}" if self.size else str(self.product)


class RecipeLine(models.Model):
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="recipe")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=10, decimal_places=2, help_text=_("In the ingredient's unit"))
    removable = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("variant", "position")
        constraints = [
            models.UniqueConstraint(fields=["variant", "ingredient"], name="one_recipe_line_per_ingredient"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="recipe_quantity_is_positive"),
        ]


class ExtraOffer(models.Model):
    """An ingredient that may be added to any pizza of a size, with what it costs and how much goes on."""

    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="extras")
    size = models.ForeignKey(Size, on_delete=models.PROTECT, related_name="extras")
    quantity = models.DecimalField(max_digits=10, decimal_places=2)
    price_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ingredient", "size"], name="one_extra_offer_per_ingredient_and_size"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="extra_quantity_is_positive"),
        ]
