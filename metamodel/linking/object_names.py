"""Which object a name means: bare names, qualified ones (`sales.account`), and bare ones that two apps share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metamodel.names import did_you_mean
from metamodel.source import Location, Problems


class ObjectNames:
    """The objects of all apps by app and name.

    keys: (app, bare name) → object key. visible: app → apps whose objects it may name.
    unreadable: names of objects whose files could not be read; that they are used is no mistake of its own.
    """

    def __init__(
        self,
        keys: Mapping[tuple[str, str], str],
        visible: Mapping[str, frozenset[str]],
        unreadable: frozenset[str] = frozenset(),
    ) -> None:
        self._unreadable = unreadable
        self._keys = dict(keys)
        self._visible = dict(visible)

    def known(self, app: str) -> tuple[str, ...]:
        """Give every name an app may call an object by."""
        seen = self._visible.get(app, frozenset())
        bare = {name for owner, name in self._keys if owner in seen}
        return tuple(sorted(bare | {f"{owner}.{name}" for owner, name in self._keys if owner in seen}))

    def candidates(self, name: str, app: str) -> tuple[str, ...]:
        """Give the keys a name may mean, in an app's files."""
        seen = self._visible.get(app, frozenset())
        owner, dot, bare = name.partition(".")
        if dot:
            found = self._keys.get((owner, bare)) if owner in seen else None
            return () if found is None else (found,)
        return tuple(key for (owner, bare), key in self._keys.items() if bare == name and owner in seen)

    def find(self, name: str, app: str) -> str | None:
        """Give the key of the one object a name means; None for none or several."""
        found = self.candidates(name, app)
        return found[0] if len(found) == 1 else None

    def qualified(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Give the qualified names of object keys."""
        wanted = set(keys)
        return tuple(sorted(f"{owner}.{name}" for (owner, name), key in self._keys.items() if key in wanted))

    def resolve(self, name: str, app: str, at: Location, problems: Problems) -> str | None:
        """Give the key of the object a name means in an app's files; None after a problem.

        Problems: OBJ201 unknown, OBJ202 ambiguous.
        """
        found = self.candidates(name, app)
        if len(found) == 1:
            return found[0]
        if found:
            message = f"'{name}' names an object of several apps"
            hint = f"write {' or '.join(repr(q) for q in self.qualified(found))}"
            problems.report("OBJ202", message, at, hint=hint, length=len(name))
            return None
        if name.rpartition(".")[2] in self._unreadable:
            return None
        elsewhere = next((owner for owner, bare in self._keys if bare == name), None)
        hint = did_you_mean(name, self.known(app))
        if elsewhere is not None:
            hint = f"the app '{elsewhere}' has it; add that under 'depends' in app.yaml"
        problems.report("OBJ201", f"'{name}' is not an object", at, hint=hint, length=len(name))
        return None
