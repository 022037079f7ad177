"""Counts the SQL statements of each kind of request, through the application in this process."""

from __future__ import annotations

from pathlib import Path

from bench.filling import measured_settings
from bench.people import Prepared
from bench.workloads import workloads
from engine.platform import Platform


def count_statements(prepared: Prepared, folder: Path) -> dict[str, int]:
    """Send each kind of request twice and count the statements of the second, when all is compiled.

    Returns: workload → statements.
    """
    from ui.app import create_app
    from ui.cli.opening import web_settings

    platform = Platform.open(measured_settings(prepared.database_url, folder / "counted"))
    try:
        client = create_app(platform, web_settings(platform.settings)).test_client(use_cookies=False)
        found: dict[str, int] = {}
        for workload in workloads(prepared):
            for number in (0, 1):
                request = workload.make(len(prepared.own) - 1 - number if workload.changes else number)
                before = platform.database.statements.count
                answer = client.open(
                    request.path, method=request.method, headers=dict(request.headers), data=request.body
                )
                assert answer.status_code == request.status, answer.get_data(as_text=True)[:300]
                found[workload.name] = platform.database.statements.count - before
        return found
    finally:
        platform.close()
