"""The project as people install it: the wheel, in an environment that holds what the wheel asks for and nothing else.

The dependencies are copied from the environment of the tests, so that no registry is needed and the versions are those
of the lock; a package that the code imports without asking for it is missing there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.sources import REPOSITORY


def build_wheel(target: Path) -> Path:
    """Build the wheel of the work tree into a folder."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(REPOSITORY)],
        check=True,
        capture_output=True,
    )
    (wheel,) = target.glob("*.whl")
    return wheel


class BareEnvironment:
    """Hold a virtual environment with a wheel and what it needs to run."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        (self.packages,) = folder.glob("lib/python*/site-packages")
        for needed in runtime_closure("fieldstone"):
            _copy(needed, self.packages)
        self.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of the environment to its end, which must be a good one."""
        done = self.try_to_run(program, *arguments, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def try_to_run(self, program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in a folder, which also gets its database, to whatever end."""
        return subprocess.run(
            self._command(program, *arguments),
            cwd=cwd, env=self._variables(cwd), capture_output=True, text=True, check=False,
        )  # fmt: skip

    @contextmanager
    def serving(self, *arguments: str, cwd: Path, log: Path) -> Iterator[str]:
        """Run `fieldstone serve` on a free port and give its address once it says it."""
        command = self._command("fieldstone", "serve", *arguments, "--port", "0")
        with log.open("w") as output:
            process = subprocess.Popen(command, cwd=cwd, env=self._variables(cwd), stdout=output, stderr=output)
        try:
            yield _wait_for_address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / "bin" / program), *arguments]

    def _variables(self, data: Path) -> dict[str, str]:
        # No PYTHONPATH, no Node, nothing of the tests' environment.
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "FIELDSTONE_DATABASE_URL": f"sqlite:///{data / 'fieldstone.sqlite'}",
        }


def runtime_closure(name: str) -> list[Distribution]:
    """List the distributions that one needs to run, and those that they need, without the optional ones."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in distribution(name).requires or []]
    while waiting:
        requirement = waiting.pop()
        extras = requirement.extras or {""}
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        key = f"{requirement.name.lower()}[{','.join(sorted(extras))}]"
        if key in found:
            continue
        found[key] = needed = distribution(requirement.name)
        for text in needed.requires or []:
            further = Requirement(text)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                further.marker = None
                waiting.append(further)
    return list(found.values())


def _copy(package: Distribution, target: Path) -> None:
    if package.files is None:
        raise PackageNotFoundError(f"{package.metadata['Name']} does not say which files it has")
    for file in package.files:
        source = Path(str(package.locate_file(file)))
        if ".." not in file.parts and source.is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / file)


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(int(os.environ.get("FIELDSTONE_TEST_PATIENCE_S", "90")) * 5):
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        if found := re.search(r"^serving (http://\S+)$", log.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"the server does not say where it serves:\n{log.read_text()}")
