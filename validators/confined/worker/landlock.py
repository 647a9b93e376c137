"""Landlock: files can be read where Python and its libraries lie, and nowhere else; nothing can be written, no port opened."""

import contextlib
import ctypes
import os
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
ASK_VERSION, PATH_BENEATH = 1, 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache", "/etc/localtime",
    "/usr/share/zoneinfo", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
    "/dev/null", "/dev/zero", "/dev/urandom", "/proc/self/maps", "/proc/self/stat", "/proc/self/statm", "/proc/self/status",
    "/proc/self/cgroup", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage",
    "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)  # fmt: skip


def restrict(libc, more):
    """Restrict this process, which may read `more` paths as well; the version of Landlock, or 0 where the kernel has none."""
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    if version < 1:
        return 0
    attributes = handled(version)
    rules = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return 0
    try:
        for path in (*readable(), *more):
            allow(libc, rules, path)
        done = libc.syscall(RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)
    return version if done == 0 else 0


def handled(version):
    """All rights that this version knows, so that what no rule allows is refused; the structure has the size of the version."""
    files = 13 + (version >= 2) + (version >= 3) + (version >= 5)  # reparent, truncate, ioctl on devices
    fields = [(1 << files) - 1]
    if version >= 4:
        fields.append(0b11)  # bind and connect TCP
    if version >= 6:
        fields.append(0b11)  # abstract sockets and signals beyond this process
    return struct.pack(f"={len(fields)}Q", *fields)


def readable():
    """Files and folders that Python and its libraries read, each once."""
    prefixes = [os.path.join(p, lib) for p in (sys.base_prefix, sys.prefix) for lib in ("lib", "lib64")]
    named = os.environ.get("LD_LIBRARY_PATH", "").split(":")  # the parent's own: some Pythons do not start without it
    found = dict.fromkeys([*sys.path, *prefixes, *named, *editable(), *SYSTEM])
    return [path for path in found if os.path.isabs(path) and os.path.exists(path)]


def editable():
    """Folders of packages that are installed in place, but for this product's own: projects and their data lie below it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            held = getattr(module, "MAPPING", {})
            yield from (str(path) for package, path in held.items() if package.split(".")[0] != "seatrial")


def allow(libc, rules, path):
    """Let a file be read, or what lies below a folder."""
    with contextlib.suppress(OSError):
        held = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = READ_FILE | READ_DIR if os.path.isdir(path) else READ_FILE
            rule = struct.pack("=Qi", rights, held)
            libc.syscall(ADD_RULE, ctypes.c_int(rules), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint32(0))
        finally:
            os.close(held)
