"""What all transactions of an installation share: its database, ids, secret, and where automation joins the save."""

from __future__ import annotations

from engine.ids import IdMaker
from engine.outer.databases import OuterDatabases
from engine.records.hooks import AfterSave, BeforeRules, NoApprovals, RecordApprovals
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from workflow_dsl.record_tokens import token_key


class Services:
    """What all transactions of an installation share."""

    __slots__ = ("after_save", "approvals", "before_rules", "database", "ids", "outer", "secret", "system", "token_key")

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        ids: IdMaker,
        secret: bytes,
        before_rules: BeforeRules,
        after_save: AfterSave,
        outer: OuterDatabases,
    ) -> None:
        self.outer = outer
        self.database = database
        self.system = system
        self.ids = ids
        self.secret = secret
        self.token_key = token_key(secret)
        self.before_rules = before_rules
        self.after_save = after_save
        self.approvals: RecordApprovals = NoApprovals()
