"""Writes and sends the mail with a link that sets a password, by whichever plugin sends mails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine.accounts.users import UserRow
from engine.clock import Clock
from plugins.contexts import ActionContext, Plain, TemplateSource
from plugins.contributions import ActionFailed
from plugins.egress import EgressPolicy, SafeEgress
from plugins.manager import PluginManager

PATH = "/login/reset/"
_LOG = logging.getLogger("fieldstone.accounts")
_SUBJECTS = {"en": "A new password for {product}", "zh": "重设 {product} 的密码"}
_TEXTS = {
    "en": "Somebody, probably you, asked for a new password for {product}.\n\n"
    "Choose one here within an hour:\n{link}\n\n"
    "The link works once. If it was not you, do nothing: your password stays as it is.\n",
    "zh": "有人（很可能是您）申请重设 {product} 的密码。\n\n请在一小时内通过以下链接设置新密码：\n{link}\n\n"
    "此链接只能使用一次。如果不是您本人申请，请忽略本邮件，您的密码不会改变。\n",
}
# What people wrote (the product's name) stands in values: a template sees it and never reads it as one.
_TEMPLATE = TemplateSource(name="new password", subject="{{ user.subject }}", body="{{ user.text }}")


class NoRecord:
    """The record access of a mail that is about no record."""

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give nothing."""
        return MappingProxyType({})

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give no rows."""
        return ()

    def image(self, path: str) -> bytes | None:
        """Give none."""
        return None

    def hidden(self) -> Sequence[str]:
        """Give none."""
        return ()

    def url(self) -> str:
        """Give no address."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLetters:
    """Sends links. base_url: the configured address; what a request calls this host never counts."""

    plugins: PluginManager
    clock: Clock
    base_url: str
    product: Callable[[str], str]

    def send(self, user: UserRow, secret: str, key: str) -> bool:
        """Send the link to the user's stored address; say whether it left."""
        found = self.plugins.find_action("send_email")
        if found is None or not self.base_url:
            _LOG.warning("no link to set a password leaves: no plugin sends mails, or FIELDSTONE_BASE_URL is not set")
            return False
        plugin, action = found
        language = user.language if user.language in _TEXTS else "en"
        product, link = self.product(language), f"{self.base_url.rstrip('/')}{PATH}{secret}"
        texts = {
            "subject": _SUBJECTS[language].format(product=product),
            "text": _TEXTS[language].format(product=product, link=link),
        }
        context = ActionContext(
            run_id=key, rule="", path="", attempt=1, idempotency_key=key, now=self.clock.now(), records=NoRecord(),
            egress=SafeEgress(EgressPolicy(hosts=plugin.manifest.hosts)), settings=plugin.settings, user=texts,
        )  # fmt: skip
        try:
            return action.run(context, {"template": _TEMPLATE, "to": [user.login]}).delivered
        except ActionFailed as failed:
            _LOG.warning("a link to set a password was not sent: %s", failed.reason)
            return False
        except Exception:
            _LOG.warning("the plugin %s failed with a link to set a password", plugin.manifest.name, exc_info=True)
            return False
