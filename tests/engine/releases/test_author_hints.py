"""Warnings about expressions that are allowed and likely not meant."""

from __future__ import annotations

from pathlib import Path

from engine.platform import check_app_folders
from tests.support.platforms import small_app

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        fields:
          name: {type: text}
          credit: {type: money}
          plan: {type: money, sensitive: true}
        """,
    "objects/deal.yaml": """
        object: deal
        label: Deal
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: deals}
          amount: {type: money, required: true}
          cost: {type: money}
          quantity: {type: integer}
          room: {type: money, formula: firm.credit - amount}
          label: {type: text, formula: 'name & firm.name'}
          costs: {type: rollup, of: lines.cost, function: sum}
          parts: {type: rollup, of: lines, function: count}
        validations:
          - {name: cheap, check: cost <= 100, message: Too dear.}
          - {name: some, check: quantity between 1 and 9, message: Too many.}
          - {name: fair, check: cost <= amount or cost is empty, message: No.}
          - {name: paid, check: amount > 0 and sum(lines.cost) < amount, message: No.}
          - {name: late, when: quantity > 5, check: cost > 7, message: No.}
        """,
    "objects/line.yaml": """
        object: line
        label: Line
        fields:
          deal: {type: child_of, to: deal, inverse: lines, required: true}
          name: {type: text}
          cost: {type: money}
        """,
    "roles/rep.yaml": """
        role: rep
        objects: {deal: {read: all}, line: {read: all}, firm: {read: own}}
        fields: {firm.credit: {read: no}, line.cost: {read: no}}
        """,
    "roles/boss.yaml": """
        role: boss
        objects: {deal: {read: all}, firm: {read: all}}
        """,
    "roles/clerk.yaml": """
        role: clerk
        objects: {deal: {read: all}}
        fields: {deal.room: {read: no}, deal.costs: {read: no}}
        """,
}


def hints(tmp_path: Path, code: str) -> list[str]:
    candidate = check_app_folders([small_app(tmp_path, FILES)])
    assert candidate.is_sound, [str(problem) for problem in candidate.problems]
    return [problem.message for problem in candidate.problems if problem.code == code]


def test_a_formula_or_roll_up_that_shows_a_role_what_it_may_not_read_is_a_warning(tmp_path: Path) -> None:
    assert hints(tmp_path, "OBJ453") == [
        "the formula 'room' shows what these roles may not read: firm.credit to rep",
        "the formula 'label' shows what these roles may not read: firm.name to clerk",
        "the roll-up 'costs' shows what these roles may not read: line.cost to rep",
    ]


def test_a_validation_that_refuses_empties_is_a_hint(tmp_path: Path) -> None:
    assert hints(tmp_path, "OBJ454") == [
        "'cheap' refuses records where 'cost' is empty",
        "'some' refuses records where 'quantity' is empty",
    ]
