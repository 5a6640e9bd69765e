"""The letter before an unused account is erased."""

import datetime as dt
import logging
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.core.addresses import group_url
from shared_apps.privacy.models import ErasureNotice
from shared_apps.privacy.periods import NOTICE_DAYS

logger = logging.getLogger(__name__)


def write(*, user_id: int) -> None:
    """Nothing when they came back meanwhile. An address that takes no mail does not keep its account."""
    notice = ErasureNotice.objects.select_related("user").filter(user_id=user_id).first()
    if notice is None:
        return
    letter = render_to_string(
        "privacy/unused.txt",
        {
            "name": notice.user.name,
            "date": notice.written_at + dt.timedelta(days=NOTICE_DAYS),
            "url": group_url(reverse(settings.LOGIN_URL, urlconf=settings.PUBLIC_SCHEMA_URLCONF)),
        },
    )
    try:
        send_mail(_("Your account will be erased"), letter, None, [notice.user.email])
    except SMTPRecipientsRefused:
        logger.warning("account %s: the letter before its erasure was refused", user_id)
