"""Sends the letters of a survey: a mail each, with a link of its own that is made only now.

A try that fails half-way has noted the letters that left, so the next one sends the rest; each has its own key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.automation.approval_letters import SEAT
from engine.automation.courier import PluginCourier
from engine.automation.outside import Outgoing
from engine.automation.run_state import StepFailed
from engine.automation.survey_asking import LETTERS, SEND_SURVEY
from engine.automation.surveys import SurveyLinks, good_for
from metamodel.definitions.intake import FormDef
from metamodel.texts import label_text
from metamodel.values import Ref
from plugins.contexts import Plain, RecordAccess, SentParts
from plugins.contributions import ActionDone

_TEXTS = {
    "en": "We would like to hear from you. It takes a minute.\n\n"
    "The link is for you alone, works once and is good for {days} days.",
    "zh": "我们想听听您的意见，只需一分钟。\n\n此链接仅供您本人使用，只能使用一次，{days} 天内有效。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAccess:
    """The record access of a survey's mail: what it reads is the rule's record, where it leads is the survey."""

    inner: RecordAccess
    link: str

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give values of the rule's record, as the rule's user may read them."""
        return self.inner.read(paths, language)

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give rows of a list of the rule's record."""
        return self.inner.rows(name, paths, language, most=most)

    def image(self, path: str) -> bytes | None:
        """Give an image of the rule's record."""
        return self.inner.image(path)

    def hidden(self) -> Sequence[str]:
        """Give what was read in vain."""
        return self.inner.hidden()

    def url(self) -> str:
        """Give the link of the survey."""
        return self.link


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyCourier:
    """The courier of one run, which knows surveys besides what plugins offer."""

    inner: PluginCourier
    links: SurveyLinks

    def deliver(self, outgoing: Outgoing, *, path: str, attempt: int, parts: SentParts) -> ActionDone:
        """Hand over; a survey letter by letter.

        Raises:
            ActionFailed: a mail did not leave; those before it have.
            StepFailed: the survey is gone.
        """
        if outgoing.action != SEND_SURVEY:
            return self.inner.deliver(outgoing, path=path, attempt=attempt, parts=parts)
        form = self.inner.metamodel.forms.get(str(outgoing.inputs["form"]))
        if form is None or not form.is_survey:
            raise StepFailed(f"The survey '{outgoing.inputs['form']}' is gone.")
        letters = outgoing.inputs[LETTERS]
        if not letters:
            return ActionDone(summary="nobody to ask: every recipient is empty", delivered=False)
        if not self.links.base_url:
            reason = "mails can't lead back here: FIELDSTONE_BASE_URL is not set"
            return ActionDone(summary=f"not sent to {outgoing.target}: {reason}", delivered=False)
        told: list[ActionDone] = []
        for letter in letters:
            if not parts.is_sent(letter["link"]):
                told.append(self._send(form, letter, path=f"{path}:{letter['link']}", attempt=attempt, parts=parts))
                parts.note(letter["link"])
        delivered = not told or any(each.delivered for each in told)
        said = "; ".join(each.summary for each in told if not each.delivered)
        return ActionDone(
            summary=said or f"'{form.name}' sent to {outgoing.target}",
            value={"to": outgoing.target, "form": form.name},
            delivered=delivered,
        )

    def _send(
        self, form: FormDef, letter: Mapping[str, Any], *, path: str, attempt: int, parts: SentParts
    ) -> ActionDone:
        self.links.add(letter["link"], form, _ref(letter["asked"]), _ref(letter["about"]), self.inner.run.id)
        language = str(letter["language"])
        texts = {"subject": label_text(form.label, language, form.name), "text": _text(form, language)}
        courier = replace(
            self.inner,
            records=SurveyAccess(inner=self.inner.records, link=self.links.url(letter["link"])),
            user={**self.inner.user, **texts} if form.template is None else self.inner.user,
        )
        chosen = {"template": form.template} if form.template is not None else {SEAT: letter["link"]}
        mail = Outgoing(action="send_email", target=letter["to"], inputs={"to": [letter["to"]], **chosen})
        return courier.deliver(mail, path=path, attempt=attempt, parts=parts)


def _text(form: FormDef, language: str) -> str:
    told = form.help.in_language(language) if form.help is not None else ""
    days = max(1, good_for(form).days)
    own = _TEXTS.get(language, _TEXTS["en"]).format(days=days)
    return f"{told}\n\n{own}" if told else own


def _ref(stored: Sequence[str] | None) -> Ref | None:
    return Ref(stored[0], stored[1]) if stored else None
