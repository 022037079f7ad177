"""The HTML pages, all made from the metamodel: nothing here knows one object more than another.

A view function asks the door, fills a frozen page-context dataclass and hands it to a template of its name.
"""

from __future__ import annotations

from flask import Flask

from ui.assets import register_assets
from ui.pages import (
    access,
    account,
    account_factor,
    account_tokens,
    admin_users,
    approval_link,
    approval_request,
    approval_submit,
    approvals,
    audit,
    choices,
    converting,
    documents,
    duplicates,
    export,
    expression,
    files,
    following,
    home,
    importing,
    inbox,
    inline_edit,
    mass_edit,
    merges,
    merging,
    moves,
    pool,
    press_many,
    pressing,
    public_forms,
    quality,
    record_form,
    record_list,
    record_page,
    record_rules,
    revealing,
    rule_map,
    rules,
    run_acts,
    run_desk,
    runs,
    sharing,
    sign_in_steps,
    versions,
    webhook_calls,
)
from ui.pages.chrome import install_chrome


def register(app: Flask) -> None:
    """Put the pages into the application; languages must be set up before."""
    register_assets(app.jinja_env)
    install_chrome(app)
    for views in (
        home,
        inbox,
        sign_in_steps,
        account,
        account_tokens,
        account_factor,
        admin_users,
        audit,
        approvals,
        approval_request,
        approval_submit,
        approval_link,
        public_forms,
        files,
        export,
        importing,
        mass_edit,
        record_list,
        moves,
        choices,
        record_form,
        inline_edit,
        record_page,
        pressing,
        press_many,
        converting,
        merging,
        merges,
        duplicates,
        versions,
        documents,
        following,
        access,
        sharing,
        revealing,
        pool,
        quality,
        run_acts,
        run_desk,
        webhook_calls,
        runs,
        rules,
        rule_map,
        record_rules,
        expression,
    ):
        app.register_blueprint(views.blueprint)
