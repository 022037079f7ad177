"""The words of the API's document in the language of the caller: what each call does, groups and notes.

Calls are known by method and path; `*` stands for the name of an object, field, button or form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ui.api.access_paths import ACCESS_CALLS, ACCESS_NOTES
from ui.api.coming import COMING_CALLS, COMING_NOTE
from ui.api.connectors import CONNECTOR_CALLS, CONNECTOR_NOTES
from ui.api.search import SEARCH_CALLS, SEARCH_NOTES
from ui.api.view_paths import VIEW_CALLS, VIEW_NOTES
from ui.api.webhook_calls import WEBHOOK_CALLS, WEBHOOK_NOTES
from ui.phrases import marked as _l

METHODS = ("get", "post", "put", "patch", "delete")

_SUMMARIES: Mapping[str, str] = MappingProxyType(
    {
        "get /objects": _l("Objects that you may use"),
        "get /objects/{object}": _l("One object with its fields, actions and views"),
        "post /query": _l("Figures: counts, sums and means by group"),
        "get /runs": _l("Runs of rules"),
        "get /runs/{id}": _l("The trace of a run"),
        "post /runs/{id}/retry": _l("Run again what failed"),
        "post /runs/{id}/dismiss": _l("Put a failed run aside"),
        "post /runs/retry": _l("Run many again that failed"),
        "post /runs/dismiss": _l("Put many failed runs aside"),
        "get /runs/stopped": _l("Rules that are switched off, and targets that fail"),
        "post /runs/stopped/rule": _l("Switch a rule on again"),
        "post /runs/stopped/target": _l("End the pause of a target"),
        "get /rules": _l("Rules with their figures"),
        "get /rules/{rule}": _l("One rule"),
        "post /rules/{rule}/try": _l("Try a rule on a record; nothing of it is kept"),
        "get /rules/{rule}/backtest": _l("What a rule would have done"),
        "post /hooks/{webhook}": _l("Receive a webhook"),
        "post /events": _l("Send behaviour events"),
        "post /files/{object}/{field}": _l("Send a file for a field"),
        "get /files/{id}": _l("Read a file"),
        "get /files/{id}/preview/{size}": _l("Read a preview of an image"),
        "post /imports": _l("Import a file"),
        "get /imports/{id}": _l("How far an import is"),
        "get /imports/{id}/rejected": _l("Rows that an import refused"),
        "post /imports/{id}/start": _l("Import what was tried"),
        "post /imports/{id}/cancel": _l("End an import"),
        "get /audit": _l("The audit log"),
        "get /audit/{entry}": _l("One entry of the audit log"),
        "get /changes": _l("What was changed since"),
        "get /metadata": _l("The configuration, file by file"),
        "post /metadata/plan": _l("What files would change"),
        "post /metadata/apply": _l("Publish files as a release"),
        **WEBHOOK_CALLS,
        **CONNECTOR_CALLS,
        "get /reports": _l("Reports that are for you"),
        "get /reports/{report}": _l("The figures of a report"),
        "get /approvals": _l("Approvals that wait for you, or that you submitted"),
        "post /approvals": _l("Decide many requests"),
        "get /approvals/report": _l("Time and outcome by step and approver"),
        "get /approvals/{id}": _l("A request with its steps, people and events"),
        "post /approvals/{id}": _l("Do something with a request"),
        "get /records/*/{id}/approval": _l("The approvals of the record, and the path it would take"),
        "post /records/*/{id}/approval": _l("Submit the record, or act on its request"),
        "get /records/*": _l("List records"),
        "post /records/*": _l("Create a record"),
        "get /records/*/{id}": _l("Read a record"),
        "patch /records/*/{id}": _l("Change a record"),
        "delete /records/*/{id}": _l("Move a record to the recycle bin"),
        "post /records/*/{id}/restore": _l("Take a record out of the recycle bin"),
        "put /records/*/by/*/{value}": _l("Create or change the record with this key"),
        "post /records/*/bulk": _l("Many creates, changes and deletions in one call"),
        "get /records/*/{id}/compare": _l("Compare two versions"),
        "post /records/*/{id}/revert": _l("Put values back"),
        "get /records/*/{id}/rules": _l("What each rule made of the record"),
        "get /records/*/{id}/blame": _l("Where each value comes from"),
        "get /records/*/{id}/timeline": _l("What happened around the record"),
        "get /records/*/{id}/history": _l("The history of the record"),
        "get /records/*/{id}/runs": _l("Runs of rules about the record"),
        "get /records/*/{id}/stages": _l("When it was in which stage"),
        "post /records/*/{id}/reveal": _l("Show a masked value in clear"),
        "post /records/*/{id}/follow": _l("Follow the record"),
        "post /records/*/{id}/unfollow": _l("Follow the record no longer"),
        "get /records/*/{id}/share": _l("Who has the record by a share"),
        "post /records/*/{id}/share": _l("Share the record"),
        "delete /records/*/{id}/share": _l("End a share"),
        "post /records/*/{id}/merge": _l("Merge records into this one"),
        "post /records/*/{id}/unmerge": _l("Take a merge back"),
        "post /records/*/{id}/claim": _l("Claim a record of the pool"),
        "post /records/*/{id}/release": _l("Give a record back to the pool"),
        "get /records/*/{id}/conversion": _l("What the record was converted into"),
        "post /records/*/{id}/convert": _l("Convert the record"),
        "get /records/*/{id}/actions": _l("The buttons that the record has now"),
        "post /records/*/{id}/documents/{template}": _l("Make a document"),
        **VIEW_CALLS,
        **SEARCH_CALLS,
        **COMING_CALLS,
        **ACCESS_CALLS,
        "get /exports/*": _l("Export a list as a file"),
        "post /exports/*": _l("Begin the export of a long list"),
        "get /exports/*/{id}": _l("How far an export is"),
        "get /exports/*/{id}/file": _l("Read the file of an export"),
        "post /exports/*/{id}/cancel": _l("End an export"),
    }
)
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "metamodel": _l("Objects and fields"),
        "figures": _l("Figures"),
        "automation": _l("Automation"),
        "files": _l("Files"),
        "imports": _l("Imports"),
        "audit": _l("Audit log"),
        "access": _l("Access"),
        "changes": _l("Changes"),
        "metadata": _l("Configuration"),
        "reports": _l("Reports"),
        "approvals": _l("Approvals"),
        "forms": _l("Forms"),
    }
)
_NOTES = (
    _l("The requests."),
    _l("The request."),
    _l("What came of each."),
    _l("Of the step as it was read; another one is refused."),
    _l("Ids of users by step, where the one who submits chooses."),
    _l("The objects."),
    _l("The object."),
    _l("A row a group."),
    _l("One result an event."),
    _l("Fields or paths."),
    _l("count, or sum, avg, min, max: sum(amount)."),
    _l("The runs."),
    _l("The run."),
    _l("What the file is called."),
    _l("The file; a record names it by its id."),
    _l("The bytes; Range is honoured."),
    _l("The trace."),
    _l("The rules."),
    _l("The rule."),
    _l("What it would do; nothing of it is kept."),
    _l("A record of the rule's object."),
    _l("What it would have done."),
    _l("30d, 12h, 4w or a day."),
    _l("How many go on."),
    _l("How many were put aside."),
    _l("Rules and targets."),
    _l("The target."),
    _l("Seconds since 1970 in which it was signed."),
    _l("HMAC-SHA256 of time, point and body with the secret."),
    _l("Names the delivery, which is taken in once; or an `Idempotency-Key`."),
    _l("This delivery came before."),
    _l("It is taken in."),
    _l("How far it is."),
    _l("Columns and what they fill, as in a mapping file; without it each fills the field of its name."),
    _l("The same key starts it once and gives the same one for 24 hours."),
    _l("`after` of the next piece."),
    _l("Refused rows."),
    _l("The entries."),
    _l("The entry."),
    _l("A cursor, or `now`."),
    _l("Only changes of these objects."),
    _l("In order."),
    _l("Release and files."),
    _l("What would change."),
    _l("The release."),
    _l("Of the plan; 409 where another is current."),
    *CONNECTOR_NOTES,
    *WEBHOOK_NOTES,
    _l("The reports."),
    _l("Its figures."),
    _l("A page."),
    _l("The record."),
    _l("The same key gives the same answer for 24 hours."),
    _l("The ETag that was read; another version gives 412."),
    _l("In the bin."),
    _l("What came of it."),
    _l("Takes back what this entry of the history changed."),
    _l("Puts back all as it was at this version."),
    _l("Only these."),
    _l("Codes of confirmed warnings."),
    _l("Put back."),
    _l("What each rule made of the record."),
    _l("Only this rule."),
    _l("What set each value."),
    _l("Only this field."),
    _l("The record that was there."),
    _l("The new record."),
    _l("Newest first."),
    _l("Oldest first."),
    _l("The file."),
    _l("A field that is shown masked."),
    _l("The value."),
    _l("Who has it by a share now."),
    _l("One of them: the id of a user or team, the name of a role."),
    *VIEW_NOTES,
    *SEARCH_NOTES,
    COMING_NOTE,
    *ACCESS_NOTES,
    _l("When it ends; null: never."),
    _l("A date (all of that day in the app's zone) or a moment with its offset; null: for good."),
    _l("The id of the record whose value stands, or `all`."),
    _l("What `unmerge` takes."),
    _l("How many records point at the survivor now instead."),
    _l("Changed since; they stay."),
    _l("Records changed since; they stay."),
    _l("How many more that the caller may not read."),
    _l("A file that was uploaded before (`POST /files/{object}/{field}`); only `id` is taken."),
    _l("Content type, as its bytes say."),
    _l("Bytes."),
    _l("Only where several objects may stand here."),
    _l("Of the record, where If-Match named another one."),
    _l("Of a notice on a record that was saved."),
    _l("`object:id`"),
    _l("The id alone."),
    _l("Rows without id are made, others changed; those not named stay as they are."),
    _l("The values with commas or lines between them."),
    _l("A blank text empties the field."),
    _l("Of the row as it was read; another one is refused."),
    _l("Into the bin with the row."),
    _l('An expression over the object\'s fields, such as `amount > 1000 and account.tier = "gold"`.'),
    _l("Fields or paths with commas between them, `-` before a falling one."),
    _l("Fields, paths or lists of links to answer with; without it the readable fields."),
    _l("Where the page starts: take it from `next` of the page before."),
    _l("`true` counts up to 1,000, `exact` all."),
    _l("Words to search for."),
    _l("A view of the object, for its filter, sort and columns."),
    _l("`true` lists the deleted records that you may read and restore, the last deleted first."),
    _l("Refused; the document says why."),
    _l("Claimed records that the caller holds now."),
    _l("The id of a record that is there, or `new`."),
    _l("The buttons there are on the record now."),
    _l("It is done."),
    _l("What the rules show, in order."),
    _l("The record that the rules open."),
    _l("It is under way."),
    _l("Workers do it."),
    _l("`id` and `reason`."),
    _l("The document is filed."),
    _l("The record that has the file."),
    _l("The file's name."),
    _l("What its maker says of it, such as what may not be read."),
    _l("Stays empty; a form that fills it is dropped."),
    _l("It has arrived."),
    _l("The ids alone, with commas between them."),
    _l("How many records a page has, at most {most}."),
    _l("Starts the rules that wait for it; at most {most} bytes."),
    _l("As {name} has it; each row is judged by itself."),
)
_NAMED = re.compile(r"/(records|exports|views|forms|by|actions)/[^/{}]+")
_BLANK = re.compile(r"\\\{([a-z]+)\\\}")
_BLANKS = [each for each in _NOTES if "{most}" in each or "{name}" in each]
_PATTERNS = tuple((re.compile(_BLANK.sub(r"(?P<\1>.+)", re.escape(each))), each) for each in _BLANKS)
_PLAIN = frozenset(_NOTES)


def said(document: Mapping[str, Any], tongue: Callable[[str], str]) -> dict[str, Any]:
    """Give a document with the words of a language: summaries, groups and notes. tongue: finds a text in it."""
    paths = {
        path: {name: _call_said(name, path, each, tongue) if name in METHODS else each for name, each in of.items()}
        for path, of in document["paths"].items()
    }
    found: dict[str, Any] = _noted({**document, "paths": paths}, tongue)
    return found


def calls_of(document: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """Give the calls of a document: method, path and what is said of it."""
    for path, of in document["paths"].items():
        yield from ((method, path, of[method]) for method in METHODS if method in of)


def _call_said(method: str, path: str, call: Mapping[str, Any], tongue: Callable[[str], str]) -> dict[str, Any]:
    kind = _NAMED.sub(r"/\1/*", path)
    known = _SUMMARIES.get(f"{method} {kind}")
    tags = [tongue(_GROUPS[each]) if each in _GROUPS else each for each in call.get("tags", ("forms",))]
    return {**call, "tags": tags, **({"summary": tongue(known)} if known is not None else {})}


def _noted(node: Any, tongue: Callable[[str], str]) -> Any:
    if isinstance(node, Mapping):
        return {
            key: _note(each, tongue) if key == "description" and isinstance(each, str) else _noted(each, tongue)
            for key, each in node.items()
        }
    return [_noted(each, tongue) for each in node] if isinstance(node, list | tuple) else node


def _note(text: str, tongue: Callable[[str], str]) -> str:
    if text in _PLAIN:
        return tongue(text)
    for pattern, template in _PATTERNS:
        if found := pattern.fullmatch(text):
            return tongue(template).format(**found.groupdict())
    return text
