"""The pages that say who may do what with a record and why: oneself without files, administrators all of it."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from tests.support.served import login_of
from tests.ui.pages.workshop import Site
from ui.cli import main


def test_the_access_page_says_what_one_may_do_and_why_without_naming_files(site: Site) -> None:
    job = site.make("job", name="Pump", margin=3)
    page = site.page("ann", f"/o/job/{job}/access")
    assert f'href="/o/job/{job}/access"' in site.page("ann", f"/o/job/{job}")
    assert "own and stage" in page
    assert ".yaml" not in page
    assert "rep" not in re.sub(r"<[^>]*>", " ", page).split()
    assert "Margin" not in page
    assert "A role does not grant it for this field." in site.page("ann", f"/o/job/{job}/why/note")
    site.page("ann", f"/o/job/{job}/why/margin", status=400)
    site.page("ann", "/o/job/" + job + "/access?as=" + login_of("bob"), status=403)
    site.page("ann", f"/o/job/{job}/access/people", status=403)
    hidden = site.make("job", name="Secret", owner="bob")
    for path in ("access", "access/people", "why/name"):
        site.page("ann", f"/o/job/{hidden}/{path}", status=404)


def test_a_locked_field_of_a_form_leads_to_its_reason_as_a_fragment(site: Site) -> None:
    job = site.make("job", name="Pump", note="kept")
    url = f"/o/job/{job}/why/note"
    assert f'hx-get="{url}"' in site.page("ann", f"/o/job/{job}/edit")
    fragment = site.page("ann", url, headers={"HX-Request": "true"})
    assert "<html" not in fragment
    assert 'data-fs-title="Note"' in fragment
    lost = site.make("job", name="Lost", stage="lost", reason="dear")
    why = site.page("ann", f"/o/job/{lost}/why/reason")
    assert "It has to be filled in." in why
    assert "It is shown." in why
    assert "It is not shown now." in site.page("ann", f"/o/job/{job}/why/reason")


def test_administrators_see_who_may_and_by_which_line(site: Site) -> None:
    job = site.make("job", name="Pump")
    login = login_of("bob")
    page = site.page("admin", f"/o/job/{job}/access?as={login}")
    assert "roles/rep.yaml:3" in page
    assert "Change it" in page
    people = site.page("admin", f"/o/job/{job}/access/people")
    assert f"/access?as={login}" in people.replace("%40", "@")
    site.page("admin", f"/o/job/{job}/access?as=nobody.at.all", status=404)
    site.page("admin", f"/o/job/{job}/access/people?from=99999999999", status=200)


def test_the_command_names_the_line_and_the_values_that_decide(site: Site) -> None:
    job = site.make("job", name="Pump", stage="lost", reason="dear")
    platform, login = site.served.platform, login_of("ann")
    address = platform.settings.database_url

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["explain", "access", "--as", login, *words, "--db", address])
        return result.output

    said = run("update", f"job:{job}.amount")
    assert said.startswith(f"no: {login} (rep) may not update job:{job}.amount")
    assert '`update: own and stage != "lost"` of role rep at workshop/roles/rep.yaml:3:' in said
    assert 'stage != "lost" = false' in said
    assert json.loads(run("read", f"job:{job}", "--json"))["answer"] == "yes"
    assert run("update", "job.amount").startswith("sometimes:")
    assert "did you mean 'job'" in run("read", "jub")
    assert "not a field" in run("read", f"job:{job}.amunt")
