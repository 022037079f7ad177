"""The cards of a board, written by a function: a board shows hundreds, and a template takes ten times as long for one.

Templates reach it as `ui.board_card(…)` for one card and `write_cards(…)` for a column. What a card holds is made in
ui/pages/board.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ui.avatars import initials, tint
from ui.page_parts import Item, Option
from ui.shown import shown_html
from ui.written import html_text, written


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCard:
    """One card: the id of its element, its head, the record's page, labelled values, and the owner's name.

    moves: columns it may go to; action: the address that moves it. note: stands beside the owner. due: '', 'overdue',
    'today' or 'later'.
    """

    id: str
    title: str
    href: str
    action: str
    version: int
    items: Sequence[Item]
    moves: Sequence[Option]
    owner: str = ""
    note: str = ""
    due: str = ""


def write_cards(cards: Iterable[BoardCard], field: str, csrf: str, *, move: str, move_to: str, icon: str) -> Markup:
    """Write cards.

    field: the choice field's name. move: the words `Move %(name)s`; move_to: `Move to`; icon: of the menu, as markup.
    """
    return written(_card_html(card, html_text(field), html_text(csrf), str(move), move_to, icon) for card in cards)


def _card_html(card: BoardCard, field: str, csrf: str, move: str, move_to: str, icon: str) -> str:
    name, path, target = html_text(card.title), html_text(card.href), html_text(card.action)
    words = move.replace("%(name)s", name)
    buttons = "".join(
        f'<button type="submit" class="menu-item" name="{field}" value="{html_text(each.value)}">'
        f"<span>{html_text(each.label)}</span></button>"
        for each in card.moves
    )
    rows = "".join(
        f"<div><dt>{html_text(each.label)}</dt><dd>{shown_html(each.shown)}</dd></div>" for each in card.items
    )
    listed = f'<dl class="board-card-rows">{rows}</dl>' if rows else ""
    due = f" card-due-{html_text(card.due)}" if card.due else ""
    return (
        f'<li class="board-card{due}" id="{html_text(card.id)}" tabindex="0" '
        f'aria-label="{name}">\n<a class="board-card-title" href="{path}" tabindex="-1">{name}</a>\n'
        f'<details class="menu"><summary class="btn btn-ghost btn-icon btn-sm" aria-label="{words}">{icon}</summary>'
        f'<div class="menu-pop"><form method="post" action="{target}" hx-post="{target}" hx-target="#board" '
        'hx-swap="morph:outerHTML" data-fs-move data-fs-refused-in="dialog">'
        f'<input type="hidden" name="csrf_token" value="{csrf}">'
        f'<input type="hidden" name="version" value="{card.version}"><div class="menu-label">{move_to}</div>{buttons}'
        f"</form></div></details>\n{listed}\n"
        f"{_foot(card.owner, card.note)}</li>"
    )


def _foot(owner: str, note: str) -> str:
    if not owner and not note:
        return ""
    said = f"<span>{html_text(note)}</span>" if note else ""
    if owner:
        letters = html_text(initials(owner, small=True))
        said += f'<span class="avatar tint-{tint(owner)}" aria-hidden="true">{letters}</span>'
        said += f'<span class="sr-only">{html_text(owner)}</span>'
    return f'<div class="board-card-foot">{said}</div>'
