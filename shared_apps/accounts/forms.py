from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts import email_change
from shared_apps.accounts.models import User
from shared_apps.core.errors import RuleError


class LoginForm(allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"].widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        self.fields["password"].help_text = ""


class SignupForm(allauth.SignupForm):
    """The e-mail and the password as everywhere here; what we ask beside them is in `signup_form`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_email(self)
        self.fields["email"].label = _("E-mail")
        self.fields["password1"].label = _("Password")
        self.fields["password1"].help_text = _("At least 10 characters.")
        self.fields["password1"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class ForgottenForm(allauth.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_email(self)
        self.fields["email"].label = _("E-mail")


def _ask_email(form: forms.Form) -> None:
    form.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "email"})
    wanted = _("Give a full e-mail address, for example camille@example.com.")
    form.fields["email"].error_messages.update(required=wanted, invalid=wanted)


class OwnPasswordForm(forms.Form):
    """Somebody signed in types their password once more: whoever found a phone left open does not know it."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        error_messages={"required": _("Type your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, too_often: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.too_often = user, too_often

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if self.too_often:  # not even looked at
            raise forms.ValidationError(_("Too many attempts: try again in a minute."))
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return password


class EmailForm(OwnPasswordForm):
    """Another e-mail for the account."""

    email = forms.EmailField(label=_("New e-mail"))
    field_order = ("email", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_email(self)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email == self.user.email:
            raise forms.ValidationError(_("This is already your e-mail."))
        try:
            email_change.refuse_taken(user=self.user, email=email)
        except RuleError as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return email


class PasswordForm(forms.Form):
    """Somebody chooses a password for an account that exists."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password


class ChangedPasswordForm(allauth.ChangePasswordForm):
    """The new one typed once, as in `NewPasswordForm`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        self.fields["password1"].help_text = _("At least 10 characters.")
        self.fields["password1"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        del self.fields["password2"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = forms.Form.clean(self) or {}
        return cleaned


class NewPasswordForm(allauth.ResetPasswordKeyForm):
    """Typed once: it can be chosen again as easily."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("Password")
        self.fields["password1"].help_text = _("At least 10 characters.")
        self.fields["password1"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        del self.fields["password2"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = forms.Form.clean(self) or {}
        return cleaned
