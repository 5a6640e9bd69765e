from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _


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
        self.fields["password1"].label = _("Password")
        self.fields["password1"].help_text = _("At least 10 characters.")
        self.fields["password1"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class ForgottenForm(allauth.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_email(self)


def _ask_email(form: forms.Form) -> None:
    form.fields["email"].label = _("E-mail")
    form.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "email"})
    wanted = _("Give a full e-mail address, for example camille@example.com.")
    form.fields["email"].error_messages.update(required=wanted, invalid=wanted)


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
