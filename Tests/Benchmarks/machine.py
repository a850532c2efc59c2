"""What the benchmarks run on."""

import os
import pathlib
import platform
import re
import subprocess

from tools import output


def description(folder):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    facts = {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memoryGB": round(int(memory[1]) * 1024 / 1e9, 1),
        "kernel": platform.release(),
        "fileSystem": output("findmnt", "-n", "-o", "FSTYPE", "-T", folder).strip(),
        "nginx": version(subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr),
        "mariadb": version(output("mariadbd", "--version")),
        "swift": version(output("swift", "--version")),
        # What else is running makes the figures worse.
        "loadBefore": round(os.getloadavg()[0], 1),
    }
    line = (
        f"{facts['cpu']}, {facts['cores']} cores, {facts['memoryGB']} GB, Linux {facts['kernel']}, "
        f"{facts['fileSystem']}, nginx {facts['nginx']}, MariaDB {facts['mariadb']}, Swift {facts['swift']}, "
        f"load before {facts['loadBefore']}")
    return {"line": line, **facts}


def version(text):
    found = re.search(r"\d+\.\d+(\.\d+)?", text)
    return found[0] if found else "?"
