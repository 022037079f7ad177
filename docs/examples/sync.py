"""Keeps an SQLite file and the records of an object the same, both ways; for any object with an external id.

    FIELDSTONE_TOKEN=fst_… python sync.py https://crm.example.com deal code name,size copy.sqlite

The file has one table, `copy`: `key` is the external id, `fields` a JSON object, `state` what is to be sent: `changed`,
`deleted` or nothing. Change rows there and run it again. Where both sides changed a record, the file's values stand.
"""

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode


class Gone(Exception):
    """The changes since the last run are no longer kept."""


class Sync:
    """One object, and the file with its copy."""

    def __init__(self, address, token, name, by, fields, path):
        self.address, self.token, self.name, self.by, self.fields = address, token, name, by, fields
        self.file = sqlite3.connect(path)
        copy = "create table if not exists copy (key text primary key, id text unique, fields, state)"
        self.file.executescript(f"{copy}; create table if not exists place (cursor text)")

    def call(self, method, path, body=None):
        url, data = self.address + path, None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(url, method=method, data=data)
        asked.headers |= {"Authorization": f"Bearer {self.token}", "Content-type": "application/json"}
        while True:
            try:
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as refused:
                if refused.code == 410:
                    raise Gone from refused
                if refused.code not in (429, 503):
                    raise SystemExit(f"{method} {path}: {refused.read().decode()}") from refused
                time.sleep(int(refused.headers.get("Retry-After", 1)))

    def pages(self, **asked):
        asked |= {"fields": ",".join([self.by, *self.fields]), "limit": 200}
        following = f"/api/v1/records/{self.name}?{urlencode(asked)}"
        while following:
            page = self.call("GET", following)
            yield page["items"]
            following = page["next"]

    def keep(self, items):
        rows = [(i[self.by], i["id"], json.dumps({name: i[name] for name in self.fields})) for i in items if i[self.by]]
        self.file.executemany("delete from copy where id = ?2 and key <> ?1 and state is null", [r[:2] for r in rows])
        self.file.executemany(
            "insert into copy values (?1, ?2, ?3, null) on conflict (key) do update "
            "set id = ?2, fields = iif(state is null, ?3, fields)", rows)  # fmt: skip

    def read_all(self):
        cursor, seen = self.call("GET", "/api/v1/changes?since=now")["cursor"], set()
        for items in self.pages(sort=self.by):
            self.keep(items)
            seen.update(item["id"] for item in items)
        known = self.file.execute("select id from copy where id is not null and state is null").fetchall()
        self.file.executemany("delete from copy where id = ?", [row for row in known if row[0] not in seen])
        return cursor

    def read_changes(self, cursor):
        following, changed = f"/api/v1/changes?since={quote(cursor)}&objects={self.name}&limit=200", {}
        while following:
            page = self.call("GET", following)
            changed.update(dict.fromkeys(item["id"] for item in page["items"]))
            cursor, following = page["cursor"], page["next"] if page["more"] else None
        ids = list(changed)
        for start in range(0, len(ids), 100):
            some, found = ids[start : start + 100], set()
            for items in self.pages(filter=f"id in {json.dumps(some)}"):
                self.keep(items)
                found.update(item["id"] for item in items)
            lost = [(record_id,) for record_id in some if record_id not in found]
            self.file.executemany("delete from copy where id = ? and state is null", lost)
        return cursor

    def send(self):
        rows = self.file.execute("select key, id, fields, state from copy where state <> '' order by state").fetchall()
        for start in range(0, len(rows), 1_000):
            some = [row for row in rows[start : start + 1_000] if row[3] == "changed" or row[1]]
            upserts = [
                {"do": "upsert", "values": {self.by: key, **json.loads(fields)}}
                for key, _, fields, s in some
                if s == "changed"
            ]
            deletes = [{"do": "delete", "id": row[1]} for row in some if row[3] == "deleted"]
            answer = self.call("POST", f"/api/v1/records/{self.name}/bulk", {"by": self.by, "rows": upserts + deletes})
            for row, done in zip(some, answer["rows"], strict=True):
                if done["outcome"] == "refused":
                    print(row[0], done["errors"][0]["message"], file=sys.stderr)
                elif row[3] == "deleted":
                    self.file.execute("delete from copy where key = ?", row[:1])
                else:
                    self.file.execute("update copy set state = null, id = ? where key = ?", (done["id"], row[0]))
            self.file.commit()

    def run(self):
        (before,) = self.file.execute("select cursor from place").fetchone() or (None,)
        try:
            cursor = self.read_changes(before) if before else self.read_all()
        except Gone:
            cursor = self.read_all()
        self.file.execute("delete from place")
        self.file.execute("insert into place values (?)", (cursor,))
        self.file.commit()
        self.send()


if __name__ == "__main__":
    server, thing, key, names, copy = sys.argv[1:]
    Sync(server.rstrip("/"), os.environ["FIELDSTONE_TOKEN"], thing, key, names.split(","), copy).run()
