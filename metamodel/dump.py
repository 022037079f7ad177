"""Writes a linked metamodel back as the files of its apps, in one canonical form: loading them gives the same again.

What an extension overrode stands in the object's own file here, and what was left out is written out (default layouts,
lists, menus). Comments and order of an author's files are not kept; what rewrites those works on their texts.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from metamodel.access import MenuItemDef, ObjectGrant, RoleDef
from metamodel.apps import AppDef, ConnectionDef, Metamodel, QueueDef, TemplateDef
from metamodel.folder import FileKind, file_kind
from metamodel.linking.granting import EVERY_MENU, EVERY_OBJECT
from metamodel.writing.objects import dump_extension, dump_object, dump_option_set
from metamodel.writing.values import Plain, label, plain_value, trimmed
from metamodel.yaml_source import resolve_scalar

_AS_WRITTEN = frozenset(
    (
        FileKind.CALENDAR,
        FileKind.REPORT,
        FileKind.DASHBOARD,
        FileKind.FORM,
        FileKind.CURRENCIES,
        FileKind.CONVERSION,
        FileKind.SLA,
        FileKind.TARGET,
        FileKind.TABLE,
        FileKind.TABLE_CSV,
        FileKind.TEST,
        FileKind.ACCESS,
        FileKind.CONNECTOR,
        # Of what is written anew, which has these texts by then, it tells nothing further.
        FileKind.TRANSLATION,
    )
)


def dump_metamodel(metamodel: Metamodel) -> dict[str, str]:
    """Give the texts of all apps by `app/path`, ready for `load_sources`."""
    files: dict[str, str] = {}
    for app in metamodel.apps:
        for path, plain in _app_files(app, metamodel).items():
            files[f"{app.name}/{path}"] = plain if isinstance(plain, str) else to_yaml(plain)
        for text in (*app.rule_files, *app.data_files):
            files[text.at.file] = text.text
        files.update(_as_written(app, metamodel))
    return files


def _as_written(app: AppDef, metamodel: Metamodel) -> dict[str, str]:
    """Give the smaller files, which no other app changes: they are kept as their author wrote them."""
    folder = _folder(app)
    own = {file.removeprefix(folder): text for file, text in metamodel.sources.items() if file.startswith(folder)}
    return {f"{app.name}/{path}": text for path, text in own.items() if file_kind(path) in _AS_WRITTEN}


def to_yaml(plain: Plain) -> str:
    """Write plain data as YAML that reads back as the same under the core schema of YAML 1.2."""
    return yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000)


class _Dumper(yaml.SafeDumper):
    """Quotes texts that would read as something else, by YAML 1.1 or 1.2."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out: one thing that stands twice is no alias."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if isinstance(resolve_scalar(text), str) and text == text.strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _app_files(app: AppDef, metamodel: Metamodel) -> dict[str, Plain]:
    files: dict[str, Plain] = {"app.yaml": _app(app), **_object_files(app, metamodel)}
    menus: dict[str, Plain] = {
        menu.name: trimmed(label=label(menu.label), icon=menu.icon, items=[_menu_item(i) for i in menu.items])
        for menu in metamodel.menus.values()
        if menu.app == app.name
    }
    if menus:
        files["menus.yaml"] = {"menus": menus}
    organization = _organization(app, metamodel)
    if organization:
        files["organization.yaml"] = organization
    for role in metamodel.roles.values():
        if role.app == app.name:
            files[f"roles/{role.name}.yaml"] = _role(role)
    for connection in metamodel.connections.values():
        if connection.app == app.name:
            files[f"connections/{connection.name}.yaml"] = _connection(connection)
    for template in metamodel.templates.values():
        if template.app == app.name:
            files[f"templates/{template.name}.md"] = _template(template)
    return files


def _object_files(app: AppDef, metamodel: Metamodel) -> dict[str, Plain]:
    files: dict[str, Plain] = {}
    for object_def in metamodel.objects.values():
        if object_def.app == app.name:
            files[f"objects/{object_def.name}.yaml"] = dump_object(object_def)
        else:
            extension = dump_extension(object_def, app.name)
            if extension is not None:
                files[f"extensions/{object_def.app}_{object_def.name}.yaml"] = extension
        for field in object_def.fields.values():
            choice = field.choice
            is_shared = choice is not None and choice.option_set is not None
            if choice is not None and is_shared and choice.options[0].at.file.startswith(_folder(app)):
                files[f"option_sets/{choice.option_set}.yaml"] = dump_option_set(choice)
    return files


def _connection(connection: ConnectionDef) -> Plain:
    options = {key: plain_value(value) for key, value in connection.options.items()}
    return {"connection": connection.name, "kind": connection.kind, **options}


def _app(app: AppDef) -> Plain:
    return trimmed(
        app=app.name,
        version=app.version,
        label=label(app.label),
        depends=dict(app.depends) or None,
        languages=list(app.languages),
        currency=app.currency,
        timezone=app.timezone,
        country=app.country,
        calendar=app.calendar,
        needs={"plugins": list(app.plugins)} if app.plugins else None,
        automation=trimmed(
            roles=list(app.automation_roles) or None,
            keep_runs=app.keep_runs,
            keep_runs_of={each.rule: each.days for each in app.keep_runs_of} or None,
        )
        or None,
        settings={
            setting.name: trimmed(
                type=setting.type,
                default=plain_value(setting.default),
                label=label(setting.label),
                by_role={role: plain_value(value) for role, value in setting.by_role.items()} or None,
            )
            for setting in app.settings.values()
        }
        or None,
        permissions=list(app.permissions) or None,
    )


def _role(role: RoleDef) -> Plain:
    fields: dict[str, Plain] = {
        f"{grant.object}.{grant.field}": trimmed(
            read=grant.read.text if grant.read else None, update=grant.update.text if grant.update else None
        )
        for grant in role.fields
    }
    denied: dict[str, list[Plain]] = {}
    for deny in role.denies:
        denied.setdefault(f"{deny.object}.{deny.field}" if deny.field else deny.object, []).append(deny.action)
    every = role.every_object
    objects: dict[str, Plain] = {
        key: _scopes(grant) for key, grant in role.objects.items() if every is None or _scopes(grant) != _scopes(every)
    }
    if every is not None:
        objects[EVERY_OBJECT] = _scopes(every)
    return trimmed(
        role=role.name,
        label=label(role.label),
        includes=list(role.includes) or None,
        objects=objects or None,
        fields=fields or None,
        deny=dict(denied) or None,
        system=list(role.system) or None,
        menus=[EVERY_MENU] if role.every_menu else list(role.menus) or None,
        second_factor="required" if role.second_factor else None,
        gives=list(role.gives) or None,
    )


def _scopes(grant: ObjectGrant) -> Plain:
    return {action: scope.text for action, scope in grant.scopes.items()}


def _menu_item(item: MenuItemDef) -> Plain:
    return trimmed(
        object=item.object,
        view=item.view,
        report=item.report,
        dashboard=item.dashboard,
        label=label(item.label),
        items=[_menu_item(inner) for inner in item.items] or None,
    )


def _organization(app: AppDef, metamodel: Metamodel) -> dict[str, Plain]:
    folder = _folder(app)
    teams: dict[str, Plain] = {
        team.name: trimmed(label=label(team.label))
        for team in metamodel.teams.values()
        if team.at.file.startswith(folder)
    }
    queues: dict[str, Plain] = {
        queue.name: _queue(queue) for queue in metamodel.queues.values() if queue.at.file.startswith(folder)
    }
    territories: dict[str, Plain] = {
        territory.name: trimmed(
            label=label(territory.label),
            parent=territory.parent,
            members=list(territory.members) or None,
            objects={key: text.text for key, text in territory.objects.items()} or None,
        )
        for territory in metamodel.territories.values()
        if territory.at.file.startswith(folder)
    }
    parts: Mapping[str, Plain] = {"teams": teams, "queues": queues, "territories": territories}
    return {name: part for name, part in parts.items() if part}


def _queue(queue: QueueDef) -> Plain:
    return trimmed(
        label=label(queue.label),
        members=list(queue.members) or None,
        capacity=queue.capacity,
        touch_within=queue.touch_within,
        skills={member: list(each) for member, each in queue.skills.items()} or None,
        absence={member: {"from": day, "until": last} for member, (day, last) in queue.absence.items()} or None,
        weights=dict(queue.weights) or None,
        hours=dict(queue.hours) or None,
    )


def _folder(app: AppDef) -> str:
    return app.at.file.split("/", 1)[0] + "/"


def _template(template: TemplateDef) -> str:
    front = trimmed(
        object=template.object,
        language=template.language,
        subject=template.subject.text or None,
        reply_to=template.reply_to,
        cc=list(template.cc) or None,
        gateway=template.gateway,
        header=template.header.text if template.header is not None else None,
        footer=template.footer.text if template.footer is not None else None,
        paper=template.paper,
    )
    if template.sender is not None:
        front["from"] = template.sender
    return f"---\n{to_yaml(front)}---\n{template.body.text}"
