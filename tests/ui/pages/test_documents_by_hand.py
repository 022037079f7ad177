"""Documents made by hand, by page and by call: with the rights of who makes them, filed with the record."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2
import pytest

from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

OFFER = (
    "---\nobject: deal\nsubject: Offer {{ record.name }}\nheader: Shop\n---\n"
    "# Offer {{ record.name }}\n\nmargin: {{ record.margin }}.\n"
)
LETTER = "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: Shop <shop@example.com>\n---\nHello.\n"
OTHER = "---\nobject: note\nsubject: Note\nheader: Shop\n---\nA note.\n"
READ = "objects:\n  deal: {read: own, create: yes}\n  user: {read: all}\n"
FILES = {
    "objects/deal.yaml": "object: deal\ntitle: '{name}'\nfields:\n  name: {type: text}\n"
    "  margin: {type: integer, sensitive: true}\n",
    "objects/note.yaml": "object: note\nfields:\n  text: {type: text}\n",
    "templates/offer.md": OFFER,
    "templates/letter.md": LETTER,
    "templates/other.md": OTHER,
    "roles/rep.yaml": f"role: rep\n{READ}  attachment: {{read: all, create: yes}}\n",
    "roles/boss.yaml": "role: boss\nobjects:\n  deal: {read: all}\n  user: {read: all}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("documents")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def test_a_document_is_made_by_page_and_call_and_filed_with_the_record(served: Served) -> None:
    deal = served.make("ann", "deal", name="Pumps 水泵")["id"]
    page = served.sign_in("ann").get(f"/o/deal/{deal}").get_data(as_text=True)
    assert f'action="/o/deal/{deal}/documents/offer"' in page
    assert "/documents/letter" not in page
    assert "/documents/other" not in page
    made = served.call("ann", "POST", f"/records/deal/{deal}/documents/offer")
    assert made.status_code == 201, made.get_data(as_text=True)
    told = made.get_json()
    assert told["name"] == "Offer Pumps 水泵.pdf"
    assert "may not read it: margin" in told["note"]
    attachment = served.call("ann", "GET", f"/records/attachment/{told['attachment']}").get_json()
    assert (attachment["about"]["object"], attachment["about"]["id"]) == ("deal", deal)
    content = served.call("ann", "GET", f"/files/{attachment['file']['id']}").get_data()
    text = pypdfium2.PdfDocument(io.BytesIO(content))[0].get_textpage().get_text_range()
    assert "margin: ." in text
    client = served.sign_in("ann")
    token = csrf_token(client, f"/o/deal/{deal}")
    answer = client.post(f"/o/deal/{deal}/documents/offer", data={"csrf_token": token})
    assert (answer.status_code, answer.location.rpartition("/o/")[2]) == (303, f"deal/{deal}")
    after = served.sign_in("ann").get(f"/o/deal/{deal}").get_data(as_text=True)
    assert after.count("Offer Pumps 水泵.pdf") >= 2
    history = served.call("ann", "GET", f"/records/attachment/{told['attachment']}/history").get_json()["items"]
    assert [entry["run"] for entry in history if entry.get("run")] == []


def test_a_call_with_the_same_key_makes_one_document(served: Served) -> None:
    deal, other = (served.make("ann", "deal", name=name)["id"] for name in ("Once", "Other"))
    key = {"headers": {"Idempotency-Key": "offer-1"}}
    first, again = (served.call("ann", "POST", f"/records/deal/{deal}/documents/offer", **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.get_json(), again.location) == (first.get_json(), first.location)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert served.call("ann", "POST", f"/records/deal/{other}/documents/offer", **key).status_code == 422
    assert served.call("bob", "POST", f"/records/deal/{deal}/documents/offer", **key).status_code == 404
    listed = served.call("ann", "GET", "/records/attachment?fields=about").get_json()["items"]
    about = [each["id"] for each in listed if each["about"]["id"] in (deal, other)]
    assert about == [first.get_json()["attachment"]]


def test_who_may_not_read_the_record_or_file_anything_makes_none(served: Served) -> None:
    deal = served.make("ann", "deal", name="Valve")["id"]
    for who, record, name, status in (
        ("bob", deal, "offer", 404),  # of the same role, but not theirs
        ("boss", deal, "offer", 403),  # reads it and may file nothing
        ("ann", deal, "letter", 404),  # a mail
        ("ann", deal, "other", 404),  # of another object
        ("ann", deal, "nothing", 404),
        ("ann", "01a204c6-9131-7115-8add-b0c994f9ba66", "offer", 404),
        (None, deal, "offer", 401),
    ):
        answer = served.call(who, "POST", f"/records/deal/{record}/documents/{name}")
        assert answer.status_code == status, (who, name, answer.get_data(as_text=True))
    assert "did you mean" in served.call("ann", "POST", f"/records/deal/{deal}/documents/ofer").get_json()["detail"]
    assert "/documents/offer" not in served.sign_in("boss").get(f"/o/deal/{deal}").get_data(as_text=True)
    listed = served.call("ann", "GET", '/records/attachment?filter=name = "Offer Valve.pdf"').get_json()["items"]
    assert listed == []
    paths = served.call("ann", "GET", "/openapi.json").get_json()["paths"]
    assert "/records/deal/{id}/documents/{template}" in paths
    assert not [path for path in paths if "user/{id}/documents" in path]
