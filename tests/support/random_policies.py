"""Roles drawn at random over a small app with every kind of grant: scopes, includes, denials, masks, parts, locks."""

from __future__ import annotations

from random import Random

OBJECTS = {
    "objects/note.yaml": """
        object: note
        title: "{name}"
        fields:
          name: {type: text, required: true}
          grade: {type: integer}
          stage: {type: choice, default: open, options: [open, done]}
          secret: {type: text, sensitive: true}
          sealed: {type: text, encrypted: true}
          kept: {type: text, readonly_if: stage = "done"}
          double: {type: integer, formula: grade * 2}
    """,
    "objects/part.yaml": """
        object: part
        title: "{name}"
        fields:
          note: {type: child_of, to: note, inverse: parts, required: true}
          name: {type: text}
          size: {type: integer}
    """,
    "objects/thing.yaml": """
        object: thing
        title: "{name}"
        fields:
          name: {type: text, required: true}
    """,
}
_SCOPES = (
    "all", "own", "team", "subordinates", "shared", "no", "own or team", "own or shared", "not own",
    'stage = "open"', "own and grade > 3", "owner.team = user.team", 'has_role("role_1")',
    'grade > 2 or stage = "done"',
)  # fmt: skip
_PLAIN = tuple(scope for scope in _SCOPES if "grade" not in scope and "stage" not in scope)
_ACTIONS = ("read", "update", "delete", "export")
_FIELDS = ("name", "grade", "stage", "secret", "sealed", "kept", "double")
ROLES = 14


def random_roles(seed: int) -> dict[str, str]:
    """Give files of roles `role_0` to `role_13`; one includes only those of higher numbers, so none includes itself."""
    random = Random(seed)
    return {f"roles/role_{number}.yaml": "\n".join(_role(random, number)) + "\n" for number in range(ROLES)}


def _role(random: Random, number: int) -> list[str]:
    lines = [f"role: role_{number}"]
    included = [f"role_{each}" for each in range(number + 1, ROLES) if random.random() < 0.08]
    if included:
        lines.append(f"includes: [{', '.join(included)}]")
    lines.append("objects:")
    named = False
    for object_name, scopes, chance in (("note", _SCOPES, 0.8), ("part", ("all",), 0.3), ("thing", _PLAIN, 0.3)):
        if random.random() < chance:
            named = True
            lines.append(f"  {object_name}:")
            lines += [f"    {each}: {_quoted(random.choice(scopes))}" for each in _ACTIONS if random.random() < 0.8]
            lines.append(f"    create: {random.choice(('yes', 'no', 'yes'))}")
    if not named:
        lines[-1] = "objects: {}"
    lines += _field_rights(random)
    if random.random() < 0.25:
        denied = random.choice(("note: update", "note: delete", "note.grade: update", "note.name: read", "part: read"))
        lines.append(f"deny: {{{denied}}}")
    if random.random() < 0.5:
        lines.append("system: [export]")
    return lines


def _field_rights(random: Random) -> list[str]:
    chosen = [name for name in _FIELDS if random.random() < 0.25]
    if not chosen:
        return []
    lines = ["fields:"]
    for name in chosen:
        rights = []
        if random.random() < 0.6:
            rights.append(f"read: {random.choice(('yes', 'no', 'masked' if name != 'double' else 'yes'))}")
        if name != "double" and (not rights or random.random() < 0.6):
            rights.append(f"update: {_quoted(random.choice(('yes', 'no', 'own', 'grade > 3')))}")
        lines.append(f"  note.{name}: {{{', '.join(rights or ['read: yes'])}}}")
    return lines


def _quoted(text: str) -> str:
    return text if text.isalpha() else f"'{text}'"
