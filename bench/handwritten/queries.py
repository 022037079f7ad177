"""The SQL of the hand-written program, with the same access predicate as the product's: own records or the team's."""

from __future__ import annotations

VISIBLE = "({0}.owner = %(user)s OR {0}.owner IN (SELECT id FROM core_user WHERE team = %(team)s))"
_TITLES = (
    "LEFT JOIN core_account a ON a.id = o.account AND a.deleted_at IS NULL AND " + VISIBLE.format("a") + " "
    "LEFT JOIN core_contact c ON c.id = o.contact AND c.deleted_at IS NULL AND " + VISIBLE.format("c") + " "
    "LEFT JOIN sales_product p ON p.id = o.product AND p.deleted_at IS NULL "
    "LEFT JOIN core_user w ON w.id = o.owner LEFT JOIN core_user b ON b.id = o.created_by "
    "LEFT JOIN core_user m ON m.id = o.modified_by "
)
GET = (
    "SELECT o.id, o.version, o.number, o.reference, o.name, o.account, a.title_, o.contact, c.title_, o.product, "
    "p.title_, o.amount, o.amount_currency, o.stage, o.probability, o.weighted, o.weighted_currency, a.tier, "
    "o.lines_total, o.lines_total_currency, o.opened_on, o.close_date, o.lost_reason, o.competitor, o.at_risk, "
    "o.risk_reason, o.review_status, o.next_step, o.description, o.owner, w.title_, o.created_at, o.created_by, "
    "b.title_, o.modified_at, o.modified_by, m.title_ FROM sales_opportunity o " + _TITLES
    + "WHERE o.id = %(id)s AND o.deleted_at IS NULL AND " + VISIBLE.format("o")
)  # fmt: skip
LIST = (
    "SELECT o.id, o.version, o.name, o.account, a.title_, o.amount, o.amount_currency, o.stage, o.close_date, "
    "o.owner, w.title_ FROM sales_opportunity o "
    "LEFT JOIN core_account a ON a.id = o.account AND a.deleted_at IS NULL AND " + VISIBLE.format("a") + " "
    "LEFT JOIN core_user w ON w.id = o.owner "
    "WHERE o.deleted_at IS NULL AND " + VISIBLE.format("o")
    + " AND o.stage = %(stage)s AND o.amount_base >= %(least)s ORDER BY o.amount_base DESC, o.id DESC LIMIT 51"
)  # fmt: skip
ACCOUNT = "SELECT a.id FROM core_account a WHERE a.id = %(id)s AND a.deleted_at IS NULL AND " + VISIBLE.format("a")
NEXT_NUMBER = (
    "INSERT INTO bench_sequence (name, value) VALUES ('opportunity', 1) "
    "ON CONFLICT (name) DO UPDATE SET value = bench_sequence.value + 1 RETURNING value"
)
INSERT = (
    "INSERT INTO sales_opportunity (id, number, name, account, amount, amount_currency, amount_base, stage, "
    "probability, weighted, weighted_currency, weighted_base, opened_on, close_date, at_risk, owner, created_at, "
    "created_by, modified_at, modified_by, version, name_sort, title_) VALUES (%(id)s, %(number)s, %(name)s, "
    "%(account)s, %(amount)s, 'CNY', %(amount)s, %(stage)s, %(probability)s, %(weighted)s, 'CNY', %(weighted)s, "
    "%(opened)s, %(close)s, %(at_risk)s, %(user)s, %(now)s, %(user)s, %(now)s, %(user)s, 1, %(sort)s, %(name)s)"
)
AUDIT = (
    "INSERT INTO fs_audit (object, record_id, version, at, actor, actor_name, origin, release, action, changes) "
    "VALUES ('opportunity', %(id)s, %(version)s, %(now)s, %(user)s, 'User 00', 'api', 1, %(action)s, %(changes)s)"
)
LOCK = (
    "SELECT o.version, o.stage, o.amount, o.name FROM sales_opportunity o WHERE o.id = %(id)s AND "
    "o.deleted_at IS NULL AND o.owner = %(user)s AND o.stage NOT IN ('won', 'lost')"
)
UPDATE = (
    "UPDATE sales_opportunity SET stage = %(stage)s, probability = %(probability)s, weighted = %(weighted)s, "
    "weighted_base = %(weighted)s, modified_at = %(now)s, modified_by = %(user)s, version = version + 1 "
    "WHERE id = %(id)s AND version = %(version)s"
)
TASK = (
    "INSERT INTO core_task (id, subject, status, priority, assignee, due_on, about, about_object, owner, created_at, "
    "created_by, modified_at, modified_by, version, title_, subject_sort) VALUES (%(task)s, %(subject)s, 'open', "
    "'normal', %(user)s, %(due)s, %(id)s, 'opportunity', %(user)s, %(now)s, %(user)s, %(now)s, %(user)s, 1, "
    "%(subject)s, %(subject)s)"
)
SEQUENCE_TABLE = "CREATE TABLE IF NOT EXISTS bench_sequence (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"
