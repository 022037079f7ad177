"""Ways out of a template, wherever a text of an author is filled: literal text or a problem, and an end in time."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.platform import check_app_folders
from plugins import ActionFailed, OptionText, Plain, TemplateSource
from plugins.bundled.email.sandbox import TemplateEnvironment
from plugins.bundled.email.templates import record_paths, render
from plugins.discovery import bundled_candidates
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.testing import FixedRecord, action_context
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ record.__class__.__base__ }}",
    "{{ record.name.__class__ }}",
    "{{ record['__class__'] }}",
    "{{ (1).bit_length }}",
    "{{ record.name.format }}",
    "{{ '{0.__class__}'.format(record) }}",
    "{{ record.name.format_map(record) }}",
    "{{ '%s' % record }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ url.__globals__ }}",
    "{{ url }}",
    "{{ url.__code__.co_consts }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].environ }}",
    "{{ joiner.__init__ }}",
    "{{ namespace(a=1) }}",
    "{{ config.SECRET_KEY }}",
    "{{ request.environ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ [1, 2] | sort(attribute='__class__') }}",
    "{{ record | map(attribute='__class__') | list }}",
    "{{ record.name | attr('__class__') }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% include '/etc/passwd' %}",
    "{% from 'os' import environ %}{{ environ }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m.__globals__ }}",
    "{% set x = record.__class__ %}{{ x }}",
    "{% for x in loop.__class__ %}{{ x }}{% endfor %}",
    "{% for x in 'a' %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% block b %}{{ super.__self__ }}{% endblock %}",
    "{{ __import__('os').environ }}",
    "${__import__('os').environ}",
    "#{7*7}<%= 7*7 %>",
    "{0.__class__} %(name)s {name!r:>999999999}",
)
# What a way out would show of the inside of the program.
INSIDE = re.compile(r"<class|<built-in|<function|<bound method|object at 0x|<TemplateReference|environ\(|'PATH'")
RECORD: dict[str, Plain] = {
    "name": "Evil {{ 7 * 7 }} {% include 'x' %} {0.__class__}",
    "amount": Decimal(5),
    "stage": OptionText("won", "Won"),
    "on": dt.date(2026, 11, 22),
    "long": "x" * 100_000,
}
ENDLESS = {
    "{% for a in record.long %}{{ record.long | sort | length }}{% endfor %}": "too long",
    "{% for a in record.long %}{% endfor %}{% for a in record.long %}{{ a[9:] }}{% endfor %}": "100,000 rounds",
    "{% for a in record.long %}{% for b in record.long %}x{% endfor %}{% endfor %}": "a loop in a loop",
    "{% for a in record.long recursive %}{{ loop(record.long) }}{% endfor %}": "a loop in a loop",
    "{{ 'a' * 10 ** 10 }}": "power",
    "{{ 'a' * 1000000000 }}": "ordinary size",
    "{{ 999999999999999 * 999999999999999 * 999999999999999 }}": "ordinary size",
    "{{ 1.5 | round(100000000, 'ceil') }}": "round",
    "{{ 1.5 | round(1000000000) }}": "round",
    "{{ record.long" + " + record.long" * 9 + " }}": "ordinary size",
    "{{ record.long" + " ~ record.long" * 200 + " }}": "more than 100 parts",
    "{% for a in record.long %}{{ record.long }}{% endfor %}": "more than 500000 characters",
    "{{ record.long.ljust(1000000000) }}": "calls something else",
    "{{ record.on | date('" + "%c" * 40 + "') }}": "at most 40 characters",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}": "a macro",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}": "wrong",
    "x" * 100_001: "more than 100000 characters",
}


def _filled(text: str) -> tuple[str, str]:
    """Fill a template as a mail does: the text, and the problem where there is one."""
    values = {"record": RECORD, "user": {}, "app": {}, "url": lambda *_: "https://crm.example"}
    try:
        record_paths(text)
        return render(text, values, html=False), ""
    except ActionFailed as problem:
        return "", str(problem)


@pytest.fixture(scope="module")
def documents() -> LoadedPlugin:
    found = PluginManager.load(candidates=bundled_candidates(), environment={}).find_action("generate_document")
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    fields = "".join(
        f"  f{number}: {{type: text, label: {json.dumps(escape)}, help: {json.dumps(escape)}, "
        f"default: {json.dumps(escape)}}}\n"
        for number, escape in enumerate(ESCAPES)
    )
    files = {
        "objects/deal.yaml": f'object: deal\nlabel: Deal\ntitle: "{{name}}"\nfields:\n'
        f"  name: {{type: text}}\n  papers: {{type: files}}\n{fields}",
        "roles/rep.yaml": "role: rep\nobjects:\n  deal: {read: all, create: yes, update: all}\n",
        "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
    }
    folder = tmp_path_factory.mktemp("escapes")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, files)) as found:
        yield found


@pytest.mark.promise("SEC-35")
@pytest.mark.parametrize("escape", ESCAPES)
def test_subject_and_body_give_literal_text_or_a_problem(escape: str, documents: LoadedPlugin) -> None:
    shown, problem = _filled(escape)
    assert INSIDE.search(shown + problem) is None
    # Text without a tag of the language stays, everything else is a problem.
    assert (shown == escape) if "{{" not in escape and "{%" not in escape else (problem and not shown)
    template = TemplateSource(name="offer", subject=f"Offer {escape}", body=escape)
    context = action_context(documents, records=FixedRecord(values=RECORD))
    if problem:
        with pytest.raises(ActionFailed):
            documents.actions[0].run(context, {"template": template})
    else:
        made = documents.actions[0].run(context, {"template": template}).file
        assert made is not None
        kept = re.sub(r'[\\/:*?"<>|]', "_", f"Offer {escape}")[:120].strip(" .")
        assert made.name == f"{kept}.pdf"


@pytest.mark.promise("SEC-35")
def test_what_stands_in_values_is_never_read_as_a_template() -> None:
    assert _filled("{{ record.name }}|{{ record.amount }}|{{ record.stage }}|{{ record.on.year }}") == (
        "Evil {{ 7 * 7 }} {% include 'x' %} {0.__class__}|5|Won|2026",
        "",
    )


@pytest.mark.promise("SEC-35")
def test_labels_defaults_and_names_of_files_are_shown_as_they_stand(served: Served) -> None:
    assert len(ESCAPES) >= 30
    made = served.make("ann", "deal", name="One")
    assert [made[f"f{number}"] for number in range(len(ESCAPES))] == list(ESCAPES)
    described = served.get("ann", "/objects/deal").get_json()
    labels = {field["name"]: field["label"] for field in described["fields"]}
    assert [labels[f"f{number}"] for number in range(len(ESCAPES))] == list(ESCAPES)
    client = served.sign_in("ann")
    for path in (f"/o/deal/{made['id']}", f"/o/deal/{made['id']}/edit", "/o/deal/new"):
        assert INSIDE.search(client.get(path).get_data(as_text=True)) is None
    for number, escape in enumerate(ESCAPES):
        name = f"{escape.rpartition('/')[2]}.txt"
        file = served.platform.files.upload(system_actor(), "deal", "papers", io.BytesIO(b"x"), f"{escape}.txt")
        assert file.name == name.strip(), number


@pytest.mark.promise("SEC-35")
@pytest.mark.parametrize("escape", ESCAPES)
def test_a_pattern_of_numbers_and_a_title_hold_no_template(escape: str, tmp_path: Path) -> None:
    for number, line in enumerate(("format: %s", "formula: %s")):
        kind = "autonumber" if number == 0 else "text"
        field = f"  code: {{type: {kind}, {line % json.dumps(escape)}}}\n"
        object_file = f"object: deal\nlabel: Deal\nfields:\n  name: {{type: text}}\n{field}"
        checked = check_app_folders([small_app(tmp_path / str(number), {"objects/deal.yaml": object_file})])
        assert not checked.is_sound
        assert all(INSIDE.search(problem.message) is None for problem in checked.problems)


@pytest.mark.promise("SEC-35")
@pytest.mark.parametrize("body", ENDLESS, ids=lambda body: body[:50])
def test_loops_memory_and_output_end_at_their_limits(body: str) -> None:
    values = {"record": RECORD, "user": {}, "app": {}}
    seconds = 0.05 if "sort" in body else 60.0
    with pytest.raises(ActionFailed, match=ENDLESS[body]) as refused:
        render(body, values, html=False, environment=TemplateEnvironment(html=False, seconds=seconds))
    assert refused.value.permanent
