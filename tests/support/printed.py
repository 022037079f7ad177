"""The rules printed in the specification, an app that has what they name, and a mail server's memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope, Session

from metamodel.source import LocatedText
from tests.support.sources import REPOSITORY
from workflow_dsl.parser import parse_rules
from workflow_dsl.syntax import Approval, Rule

PRINTED = (REPOSITORY / "tests" / "corpus" / "rules" / "examples.rules").read_text(encoding="utf-8")
NOWHERE = "http://127.0.0.1:9"
ROLE = "{read: all, create: yes, update: all, delete: all}"
APP: Mapping[str, str] = {
    "app.yaml": """
        app: printed
        version: 1.0.0
        currency: CNY
        timezone: Asia/Shanghai
        country: CN
        depends: {core: ">=1.0"}
        automation: {roles: [manager]}
        """,
    "extensions/account.yaml": """
        extends: account
        fields:
          tier: {type: choice, options: [gold, silver]}
          is_strategic: {type: boolean}
          payment_term: {type: duration}
        """,
    "connections/sms.yaml": f"connection: sms\nkind: sms_gateway\nurl: {NOWHERE}\n",
    "templates/order_thanks.md": "---\nobject: order\n---\nThanks for {{ record.number }}.\n",
    "extensions/user.yaml": "extends: user\nfields: {region: {type: text}}\n",
    "extensions/queue_member.yaml": "extends: queue_member\nfields: {region: {type: text}}\n",
    "objects/lead.yaml": """
        object: lead
        title: "{name}"
        fields:
          name: {type: text, required: true}
          phone: {type: text}
          email: {type: email}
          region: {type: text}
          source: {type: text}
        """,
    "objects/opportunity.yaml": """
        object: opportunity
        title: "{name}"
        fields:
          name: {type: text, required: true}
          account: {type: lookup, to: account, inverse: opportunities}
          amount: {type: money}
          stage: {type: choice, default: qualify, options: [qualify, proposal, won]}
          review_status: {type: text}
          at_risk: {type: boolean}
          risk_reason: {type: text}
        """,
    "objects/quote.yaml": """
        object: quote
        title: "{name}"
        fields:
          name: {type: text, required: true}
          opportunity: {type: lookup, to: opportunity, inverse: quotes}
          contact: {type: lookup, to: contact, inverse: quotes}
          discount: {type: percent}
          amount: {type: money}
          status: {type: choice, default: draft, options: [draft, in_approval, approved, sent]}
          sent_at: {type: datetime}
        """,
    "objects/product.yaml": """
        object: product
        title: "{sku}"
        fields: {sku: {type: text, required: true}, stock: {type: integer}}
        """,
    "objects/order.yaml": """
        object: order
        title: "{number}"
        fields:
          number: {type: text}
          account: {type: lookup, to: account, inverse: orders}
          status: {type: choice, default: draft, options: [draft, confirmed]}
          total: {type: money}
        """,
    "objects/order_line.yaml": """
        object: order_line
        title: "{quantity}"
        fields:
          order: {type: child_of, to: order, inverse: lines, required: true}
          product: {type: lookup, to: product, inverse: order_lines}
          quantity: {type: integer}
        """,
    "objects/receivable.yaml": """
        object: receivable
        title: "{amount}"
        fields:
          order: {type: lookup, to: order, inverse: receivables}
          account: {type: lookup, to: account, inverse: receivables}
          amount: {type: money}
          due_on: {type: date}
        """,
    "objects/purchase_request.yaml": """
        object: purchase_request
        title: "{quantity}"
        fields:
          product: {type: lookup, to: product, inverse: purchase_requests}
          quantity: {type: integer}
        """,
    "organization.yaml": "queues: {inside_sales: {label: Inside}, directors: {label: Directors}}\n",
    "connections/stock_changed.yaml": "connection: stock_changed\nkind: webhook_in\nsecret: STOCK_SECRET\n",
    "connections/finance.yaml": f"connection: finance\nkind: webhook_out\nurl: {NOWHERE}\nsecret: FINANCE\n",
    "objects/web_message.yaml": """
        object: web_message
        title: "{name}"
        fields: {name: {type: text, required: true}, email: {type: email}}
        """,
    "objects/answer.yaml": """
        object: answer
        title: "{score}"
        fields:
          score: {type: integer, required: true}
          contact: {type: lookup, to: contact, inverse: answers}
          account: {type: lookup, to: account, inverse: answers}
        """,
    "forms/contact_us.yaml": "form: contact_us\nobject: web_message\nrole: web_form\nfields: [name, email]\n",
    "forms/nps.yaml": "form: nps\nkind: survey\nobject: answer\nrole: web_form\nfields: [score]\n"
    "asked: contact\nabout: account\n",
    "roles/web_form.yaml": "role: web_form\nobjects:\n"
    "  web_message: {read: own, create: yes}\n  answer: {read: own, create: yes}\n",
    "templates/deal_review.md": "---\nobject: opportunity\nsubject: Review\nfrom: a@example.com\n---\nSee.\n",
    "templates/welcome.md": "---\nobject: account\nsubject: Welcome\nfrom: a@example.com\n---\nHello.\n",
    "templates/quote_pdf.md": "---\nobject: quote\nsubject: Quote {{ record.name }}\nfooter: '{{ page }}'\n---\n"
    "For you.\n",
    "templates/quote.md": "---\nobject: quote\nsubject: Quote\nfrom: a@example.com\n---\nHello.\n",
    "roles/sales_rep.yaml": "role: sales_rep\nobjects:\n" + "".join(
        f"  {name}: {ROLE}\n" for name in (
            "account", "contact", "lead", "opportunity", "quote", "order", "order_line", "product", "task", "comment",
            "attachment", "receivable", "purchase_request",
        )
    ) + "  user: {read: all}\n  queue: {read: all}\n",
    "roles/manager.yaml": "role: manager\nincludes: [sales_rep]\nobjects:\n"
    "  queue: {read: all, create: yes, update: all}\n  queue_member: {read: all, create: yes, update: all}\n",
}  # fmt: skip


class Mails:
    """Keeps recipient, subject and text of what is sent."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[tuple[str, str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one mail."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        self.received.append((envelope.rcpt_tos[0], str(message["Subject"]), body.get_content()))
        return "250 OK"


def printed() -> Mapping[str, str]:
    """Give the printed items by name."""
    parsed = parse_rules(LocatedText.plain(PRINTED))
    assert not parsed.problems
    found = {}
    for item in parsed.items:
        assert isinstance(item, Rule | Approval)
        found[f"{type(item).__name__} {item.name.text}"] = PRINTED[item.at.start : item.at.end]
    return found


def spread(text: str) -> str:
    """Give a text with other white space wherever there is some outside of quotes, and a comment in each line."""
    parts = re.split(r'("[^"\n]*"|#[^\n]*)', text)
    lines = (part if number % 2 else part.replace("\n", ' # then "stop" end\n') for number, part in enumerate(parts))
    parts = re.split(r'("[^"\n]*"|#[^\n]*)', "".join(lines))
    return "".join(part if number % 2 else re.sub(r"\s", "\n\t  ", part) for number, part in enumerate(parts))
