"""A field type of a plugin chooses its control among those that show and post one text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.settings import PlatformSettings
from plugins import CONTROLS, FieldTypeAddition, hookimpl
from plugins.discovery import Candidate, bundled_candidates
from plugins.manager import PluginManager
from ui.formats import formats_for
from ui.pages.form_parts import FormInput, FormMaker
from ui.widgets import WIDGETS, ControlWords

_WORDS = ControlWords(required="required", choose="choose", currency_of="%(label)s", lock="", alert="")
_MANIFEST = "{name: meters, version: '1.0', api: 1, summary: Reads meters.}"


def _plugins(*types: FieldTypeAddition) -> PluginManager:
    def field_types() -> Sequence[FieldTypeAddition]:
        return types

    module = ModuleType("test_plugin_meters", "A plugin of a test.")
    module.field_types = hookimpl(field_types)  # type: ignore[attr-defined]
    candidate = Candidate(name="meters", import_module=lambda: module, read_manifest=lambda _: _MANIFEST)
    return PluginManager.load(candidates=[*bundled_candidates(), candidate], environment={})


def _type(name: str, widget: str) -> FieldTypeAddition:
    return FieldTypeAddition(
        name=name, base="text", summary="x", normalise=str.strip, example=(" 1", "1"), wrong_example="", widget=widget
    )


def test_a_form_shows_the_control_that_a_plugins_field_type_names(database_url: str, tmp_path: Path) -> None:
    app = tmp_path / "meters"
    (app / "objects").mkdir(parents=True)
    (app / "app.yaml").write_text("app: meters\nversion: 1.0.0\nlanguages: [en]\n", "utf-8")
    (app / "objects" / "meter.yaml").write_text(
        "object: meter\ntitle: name\nfields:\n  name: {type: text}\n  reading: {type: meter_reading}\n"
        "  remark: {type: meter_remark}\n  account: {type: iban}\n",
        "utf-8",
    )
    plugins = _plugins(_type("meter_reading", "integer"), _type("meter_remark", "long_text"))
    settings = PlatformSettings(
        database_url=database_url, data_folder=tmp_path / "data", secret_key="s" * 40, testing=True
    )
    platform = Platform.open(settings, plugins=plugins)
    try:
        platform.apply_release([app], author="test")
        release, actor = platform.releases.current(), system_actor()
        meter = platform.records.create(actor, "meter", {"name": "A", "reading": " 77 ", "remark": "x<y"}).record.id
        state = platform.records.form_state(actor, "meter", meter, {})
        maker = FormMaker(
            release.metamodel.objects["meter"], formats_for("en", "UTC"), _WORDS, ("CNY",), release.field_types
        )
        shown = maker.make(meter, state, FormInput()).controls
    finally:
        platform.close()
    reading = shown[shown.index('name="reading"') :]
    assert reading.split(">", 1)[0].endswith('value="77" inputmode="numeric" autocomplete="off"')
    assert 'name="remark">\nx&lt;y</textarea>' in shown
    assert '<input type="text" class="form-control" id="meter-' in shown[: shown.index('name="account"')]


@pytest.mark.parametrize(("widget", "hint"), [("numeric", "integer"), ("select", "there are text, long_text")])
def test_a_plugin_whose_type_names_another_control_is_switched_off(widget: str, hint: str) -> None:
    plugins = _plugins(_type("meter_reading", widget))
    (problem,) = plugins.problems
    assert problem.code == "PLG104"
    assert f"asks for the control '{widget}'" in problem.message
    assert {each.name for each in plugins.field_types} == {"iban"}


def test_there_is_a_widget_for_each_control_of_plugins() -> None:
    assert set(CONTROLS) <= set(WIDGETS)
