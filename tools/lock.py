"""Write requirements.txt: the exact environment that builds and tests the book.

Installs adebook[book,test] at its newest allowed versions into a fresh environment and records what came.
CUDA libraries are left out: torch names the exact ones it needs, and they exist for Linux only.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The exact environment that builds and tests the book; `make lock` writes this file.
# The package asks for lower bounds only (pyproject.toml). torch brings its own CUDA libraries on Linux.
"""
PLATFORM_ONLY = ("nvidia-", "cuda-", "triton")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "install", "--quiet", "hatchling", "editables", f"{ROOT}[book,test]"], check=True
        )
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    pins = [
        line.split("+")[0]
        for line in frozen.splitlines()
        if line and "@" not in line and not line.startswith(("adebook", *PLATFORM_ONLY))
    ]
    (ROOT / "requirements.txt").write_text(HEADER + "\n".join(pins) + "\n")
    print(f"requirements.txt: {len(pins)} packages, made with Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
