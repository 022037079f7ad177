"""Attributes of options: what an option does not say of a boolean is false, of others empty."""

from __future__ import annotations

from pathlib import Path

from metamodel import load_metamodel
from tests.support.platforms import small_app

DEAL = """
    object: deal
    fields:
      stage:
        type: choice
        attributes: {closed: boolean, probability: percent}
        options:
          open: {}
          won: {closed: true, probability: 100%}
    """


def test_an_unsaid_boolean_is_false_and_an_unsaid_number_empty(tmp_path: Path) -> None:
    metamodel, problems = load_metamodel([small_app(tmp_path, {"objects/deal.yaml": DEAL})])
    assert metamodel is not None, list(problems)
    choice = metamodel.objects["deal"].fields["stage"].choice
    assert choice is not None
    unsaid, said = choice.options
    assert (unsaid.attribute("closed"), unsaid.attribute("probability")) == (False, None)
    assert said.attribute("closed") is True
