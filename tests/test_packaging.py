"""What a clone or an installed wheel brings along."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from controlroom.shipped import Folder, shipped

ROOT = Path(__file__).parent.parent
FOLDERS: tuple[Folder, ...] = ("experiments", "layouts", "sessions")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads, with one session of the developer's own beside the example."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, copy / name)
    no_caches = shutil.ignore_patterns("__pycache__")
    for name in ("controlroom", *(folder for folder in FOLDERS if folder != "sessions")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=no_caches)
    for session in ("example", "of-my-own"):
        (copy / "sessions" / session).mkdir(parents=True)
        (copy / "sessions" / session / "session.json").write_text("{}")
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    build(checkout, checkout / "dist")
    (built,) = (checkout / "dist").glob("*.whl")
    return built


def build(source: Path, destination: Path) -> None:
    """Builds a wheel with the locked back end, without a network."""
    out = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(destination)],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert out.returncode == 0, out.stderr


def files_below(folder: Path) -> set[str]:
    """Paths of the files below `folder`, relative to it; empty where there is none."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_carries_the_program_and_the_shipped_folders(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"controlroom/{name}" for name in files_below(checkout / "controlroom")}
    for folder in FOLDERS:
        expected |= {f"controlroom/_shipped/{folder}/{name}" for name in files_below(checkout / folder)}
    expected.discard("controlroom/_shipped/sessions/of-my-own/session.json")
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_no_session_of_the_developer_leaves_the_house(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if "/sessions/" in name] == [
        "controlroom/_shipped/sessions/example/session.json"
    ]


def test_the_wheel_carries_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "controlroom = controlroom.cli:main" in archive.read(entry_points).decode()
        (licence,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_an_absent_folder_does_not_break_the_build(checkout: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(checkout, bare, ignore=shutil.ignore_patterns("dist", *FOLDERS))
    build(bare, tmp_path / "dist")
    (built,) = (tmp_path / "dist").glob("*.whl")
    assert not [name for name in zipfile.ZipFile(built).namelist() if "_shipped" in name]


def test_an_installed_program_finds_its_folders(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    probe = "import sys; from controlroom.shipped import shipped; print(shipped(sys.argv[1]))"
    out = subprocess.run(
        [sys.executable, "-c", probe, "sessions"],
        cwd=tmp_path,  # -c puts the working folder first, so this is the unpacked wheel
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    found = Path(out.stdout.strip())
    assert found == (tmp_path / "controlroom" / "_shipped" / "sessions").resolve()
    assert (found / "example" / "session.json").is_file()


def test_a_checkout_reads_its_own_folders() -> None:
    assert shipped("sessions") == ROOT / "sessions"


def test_a_missing_folder_names_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("controlroom.shipped._PACKAGE", tmp_path / "controlroom")
    with pytest.raises(FileNotFoundError, match=f"neither {tmp_path}.* nor {tmp_path}/layouts is a folder"):
        shipped("layouts")


def bare_name(requirement: str) -> str:
    """The project's name in a requirement, in the spelling that indexes compare by (PEP 503)."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_the_lock_answers_every_dependency_with_a_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]
    wanted += project["build-system"]["requires"]
    lock = (ROOT / "requirements.lock").read_text()
    pinned = {
        bare_name(entry): "--hash=sha256:" in entry
        for entry in re.split(r"\n(?=[A-Za-z0-9])", lock)
        if re.match(r"[A-Za-z0-9._-]+==", entry)
    }
    assert sorted({bare_name(one) for one in wanted} - pinned.keys()) == []
    assert sorted(name for name, hashed in pinned.items() if not hashed) == []


def test_the_lock_pins_what_pyproject_allows() -> None:

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins[bare_name(requirement.name)]), line
