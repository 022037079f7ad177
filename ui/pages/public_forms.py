"""`/f/{form}` and `/s/{token}`: forms that everybody fills in, surveys by a link; they need no script and no cookie.

Who opens them is nobody here, also where somebody is signed in: that is what makes them safe to show in other sites.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.errors import AccessDenied, ValidationFailed
from engine.intake.errors import LinkState, SurveyClosed, TooManySubmissions
from engine.intake.forms import TRAP, Filled
from metamodel.definitions.intake import FormDef
from metamodel.texts import label_text
from ui.auth import anonymous
from ui.context import language, platform, release
from ui.pages.form_values import PostedForm
from ui.pages.public_controls import read_filled, write_controls
from ui.security import FRAMED_BY
from ui.telling import tell

blueprint = Blueprint("public_forms", __name__)

Summary = tuple[tuple[str, str, str], ...]
_TEMPLATE = "pages/public_form.html"
_LANGUAGES = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicForm:
    """The context `page` of templates/pages/public_form.html.

    controls: markup; none where nothing is asked, but `message` is told. trap: the control that no person sees.
    languages: (language, its name), where there is a choice.
    """

    title: str
    help: str = ""
    controls: Markup | None = None
    summary: Summary = ()
    message: str = ""
    kind: str = "success"
    trap: str = TRAP
    languages: tuple[tuple[str, str], ...] = ()


@blueprint.get("/f/<form_name>")
@anonymous
def show_form(form_name: str) -> ResponseReturnValue:
    """Show a form."""
    form = _find(form_name)
    return _answer(form, _page(form, _blank()))


@blueprint.post("/f/<form_name>")
@anonymous
def send_form(form_name: str) -> ResponseReturnValue:
    """Take a form in, and lead to its thanks; what is refused comes back as it was typed."""
    form = _find(form_name)

    def send(filled: Filled) -> None:
        platform().intake.forms.submit(form.name, filled)

    refused = _sent(form, send)
    tongue = f"?language={quote(language())}" if "language" in request.args else ""
    return refused or redirect(f"/f/{quote(form.name)}/thanks{tongue}", 303)


@blueprint.get("/f/<form_name>/thanks")
@anonymous
def thank(form_name: str) -> ResponseReturnValue:
    """Thank for a form."""
    form = _find(form_name)
    return _answer(form, _thanks(form))


@blueprint.get("/s/<token>")
@anonymous
def show_survey(token: str) -> ResponseReturnValue:
    """Show the survey that a link is for; nothing is used up by that."""
    _choose_language()
    try:
        form = platform().intake.surveys.open(token)
    except SurveyClosed as closed:
        return _closed(closed)
    return _as_key(_answer(form, _page(form, _blank())))


@blueprint.post("/s/<token>")
@anonymous
def answer_survey(token: str) -> ResponseReturnValue:
    """Take the answer in, once."""
    _choose_language()
    surveys = platform().intake.surveys
    try:
        form = surveys.open(token)

        def send(filled: Filled) -> None:
            surveys.answer(token, filled)

        return _as_key(_sent(form, send) or _answer(form, _thanks(form)))
    except SurveyClosed as closed:
        return _closed(closed)


def _find(name: str) -> FormDef:
    _choose_language()
    return platform().intake.forms.require(name, release())


def _choose_language() -> None:
    """Take the language that the address names: a form in the frame of another site has no cookie."""
    wanted = request.args.get("language", "")
    if wanted in release().metamodel.main.languages:
        g.language = wanted


def _blank() -> PostedForm:
    return PostedForm(typed={}, values={}, was={}, kept={}, version=None, confirm=(), back="")


def _sent(form: FormDef, send: Callable[[Filled], None]) -> ResponseReturnValue | None:
    """Hand over what was posted; give the page of a refusal."""
    posted = read_filled(form, request.form)
    # An empty control gives nothing, so that what the object fills by itself is filled.
    values: Mapping[str, object] = {name: value for name, value in posted.values.items() if value is not None}
    trap = request.form.get(TRAP, "")
    filled = Filled(values=values, address=request.remote_addr or "", language=language(), trap=trap)
    try:
        send(filled)
    except ValidationFailed as refused:
        return _answer(form, _page(form, posted, refused), 422)
    except TooManySubmissions as refused:
        answer = _answer(form, _told(form, tell(str(refused)), "warning"), 429)
        answer.headers["Retry-After"] = str(refused.retry_after_s)
        return answer
    except AccessDenied:
        return _answer(form, _told(form, str(_("This form can't be sent at the moment.")), "danger"), 403)
    return None


def _page(form: FormDef, posted: PostedForm, refused: ValidationFailed | None = None) -> PublicForm:
    controls, summary = write_controls(form, posted, refused.errors if refused is not None else ())
    tongue = language()
    return PublicForm(
        title=label_text(form.label, tongue, form.name),
        help=form.help.in_language(tongue) if form.help is not None else "",
        controls=controls,
        summary=summary,
        languages=_choices(),
    )


def _thanks(form: FormDef) -> PublicForm:
    return _told(form, label_text(form.thanks, language(), "") or str(_("Thank you. It has arrived.")), "success")


def _told(form: FormDef, message: str, kind: str) -> PublicForm:
    return PublicForm(title=label_text(form.label, language(), form.name), message=message, kind=kind)


def _choices() -> tuple[tuple[str, str], ...]:
    languages = release().metamodel.main.languages
    return tuple((each, _LANGUAGES.get(each, each)) for each in languages) if len(languages) > 1 else ()


def _closed(closed: SurveyClosed) -> ResponseReturnValue:
    """Say that a link can't be used; one that never was is told as one whose time is over."""
    kind = "success" if closed.state is LinkState.USED else "warning"
    page = PublicForm(title=str(_("Survey")), message=tell(str(closed)), kind=kind)
    return _as_key(make_response(render_template(_TEMPLATE, page=page), 410))


def _answer(form: FormDef, page: PublicForm, status: int = 200) -> Response:
    if form.origins:
        request.environ[FRAMED_BY] = form.origins
    return make_response(render_template(_TEMPLATE, page=page), status)


def _as_key(answer: ResponseReturnValue) -> ResponseReturnValue:
    # The address is a key: it is told to no other site and kept in no index.
    made = make_response(answer)
    made.headers["Referrer-Policy"] = "no-referrer"
    made.headers["X-Robots-Tag"] = "noindex"
    return made
