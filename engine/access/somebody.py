"""What a scope asks of who acts, it asks of somebody: two empties that are equal elsewhere grant nothing here.

`region = user.region` would give who has no region all records without one. A comparison with something of the acting
user therefore holds only where the user has it.
"""

from __future__ import annotations

from workflow_dsl.syntax import And, Binary, BinaryOp, Expr, IsEmpty, Or, Path

_USER = "user"


def with_somebody(expression: Expr, *, denied: bool) -> Expr:
    """Give a comparison that also asks that what it compares with is there; anything else as it is.

    denied: it stands below an odd number of `not`, so that `!=` is what grants where both are empty.
    """
    if not isinstance(expression, Binary) or expression.op is not (BinaryOp.NE if denied else BinaryOp.EQ):
        return expression
    asked = [side for side in (expression.left, expression.right) if _is_of_user(side)]
    empties = (IsEmpty(value=side, negated=not denied, at=side.at) for side in asked)
    joined = Or if denied else And
    return joined(operands=(expression, *empties), at=expression.at) if asked else expression


def _is_of_user(side: Expr) -> bool:
    return isinstance(side, Path) and side.names[0].text == _USER
