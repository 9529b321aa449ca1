"""The supervisor may fork: what it imports starts no thread."""

import subprocess
import sys

PROGRAM = """
import importlib, os
import queqiao.wiring.command_line
from queqiao.wiring.system import SHARED_MODULES
for name in SHARED_MODULES:
    importlib.import_module(name)
print(len(os.listdir("/proc/self/task")))
"""


def test_what_the_supervisor_imports_starts_no_thread() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "1"
