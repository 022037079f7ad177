"""The page `email.sending`: how mail leaves, without what is secret."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.pages import PageContent, PageContext, PluginPage

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "off": "No mail server is set, so no mail leaves. The operator sets FIELDSTONE_PLUGIN_EMAIL_HOST.",
        "on": "Mail leaves by this server.",
        "host": "Server",
        "security": "Encryption",
        "username": "User name",
        "password": "Password",
        "sender": "Sender where a template names none",
        "timeout_s": "Longest wait in seconds",
        "set": "set",
        "unset": "not set",
    },
    "zh": {
        "off": "尚未设置邮件服务器，因此不会发出邮件。请由运维人员设置 FIELDSTONE_PLUGIN_EMAIL_HOST。",
        "on": "邮件经由此服务器发出。",
        "host": "服务器",
        "security": "加密方式",
        "username": "用户名",
        "password": "密码",
        "sender": "模板未指定时的发件人",
        "timeout_s": "最长等待（秒）",
        "set": "已设置",
        "unset": "未设置",
    },
}


def sending_page() -> PluginPage:
    """Give the page."""
    return PluginPage(
        name="email.sending",
        label={"en": "Outgoing mail", "zh": "外发邮件"},
        summary="Shows by which server mail leaves.",
        right="configure",
        show=_show,
    )


def _show(context: PageContext) -> PageContent:
    words, settings = _WORDS.get(context.language, _WORDS["en"]), context.settings
    if not settings["host"]:
        return PageContent(text=[words["off"]])
    told = {name: str(settings[name] or words["unset"]) for name in ("security", "username", "sender", "timeout_s")}
    told["host"] = f"{settings['host']}:{settings['port']}"
    told["password"] = words["set" if settings["password"] else "unset"]
    order = ("host", "security", "username", "password", "sender", "timeout_s")
    return PageContent(text=[words["on"]], facts=[(words[name], told[name]) for name in order])
