"""Print `validators/confined/worker/calls.py` anew from the kernel's headers: the numbers of the system calls that the filter knows.

    python benchmarks/system_calls.py > validators/confined/worker/calls.py

Needs gcc and Debian's linux-libc-dev. aarch64 takes the generic table, with the switches that its own header sets.
"""

import re
import subprocess

from validators.confined.worker.calls import NUMBERS
from validators.confined.worker.seccomp import LISTED

SOURCES = {
    "x86_64": "#include <asm/unistd_64.h>",
    "aarch64": "\n".join((
        "#define __BITS_PER_LONG 64", "#define __ARCH_WANT_RENAMEAT", "#define __ARCH_WANT_NEW_STAT",
        "#define __ARCH_WANT_SET_GET_RLIMIT", "#define __ARCH_WANT_TIME32_SYSCALLS", "#define __ARCH_WANT_SYS_CLONE3",
        "#include <asm-generic/unistd.h>",
    )),
}  # fmt: skip


def numbers_of(source: str) -> dict[str, int]:
    """Call numbers by name, as the preprocessor finds them."""
    done = subprocess.run(["gcc", "-E", "-dM", "-"], input=source, capture_output=True, text=True, check=True)
    held = dict(re.findall(r"#define (__NR\w*) (\w+)", done.stdout))

    def resolved(text: str) -> int:
        return int(text) if text.isdigit() else resolved(held[text])

    return {name.removeprefix("__NR_"): resolved(text) for name, text in held.items() if name.startswith("__NR_")}


def main() -> None:
    tables = {machine: numbers_of(source) for machine, source in SOURCES.items()}
    print(
        '"""Numbers of system calls, made by `benchmarks/system_calls.py` out of the kernel\'s headers. aarch64 was not run."""\n'
    )
    print("# name: (x86-64, aarch64); None where a machine has no such call\nNUMBERS = {")
    for name in sorted({*LISTED, *NUMBERS}):
        x86, arm = (tables[machine].get(name) for machine in SOURCES)
        print(f'    "{name}": ({x86}, {arm}),')
    print("}")


if __name__ == "__main__":
    main()
