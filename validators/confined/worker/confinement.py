"""What the worker gives up before it sees an untrusted byte, and what is in force afterwards. Pure ctypes.

Order: die with the parent; limits; capabilities; no new privileges; Landlock; seccomp; then each layer is tried out. A layer
that this kernel lacks is left out and so reported: the parent decides whether what is left is enough.
"""

import contextlib
import ctypes
import errno
import os
import resource
import signal
import struct
import sys

from . import landlock, seccomp

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 1, 4, 24, 38, 39
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522
FILE_BYTES, OPEN_FILES, MORE_THREADS = 1 << 20, 128, 1024


def confine(config):
    """Give up what `config` says, and report what is in force.

    `config` has `parent` (its process id), `layers` (some of privileges, landlock, seccomp), `memory` (bytes), `cpu` (seconds) and
    `readable` (folders that may be read beside Python's own).
    """
    limit(config["memory"], config["cpu"])
    held = {"landlock": 0, "seccomp": False, "no_new_privs": False}
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if "privileges" in config["layers"]:
            give_up_privileges(libc)
        if "landlock" in config["layers"]:
            held["landlock"] = landlock.restrict(libc, config["readable"])
        die_with(libc, config["parent"])
        held["no_new_privs"] = libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
        if "seccomp" in config["layers"]:
            seccomp.restrict(libc)
        held["seccomp"] = refused_by_seccomp()
        held["landlock"] = held["landlock"] if refused_by_landlock() else 0
    return {**held, "isolation": level_of(held), "memory": config["memory"], "cpu": config["cpu"]}


def level_of(held):
    """full: both layers; partial: one of them; process: none."""
    layers = (bool(held["landlock"]) + bool(held["seccomp"])) if held["no_new_privs"] else 0
    return ("process", "partial", "full")[layers]


def limit(memory, cpu):
    """Limits of the system: address space, processor time, size of a written file, open files, no core file."""
    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_NOFILE, OPEN_FILES)]
    if os.path.isdir("/proc/self/task"):
        wanted.append((resource.RLIMIT_NPROC, threads_of(os.getuid()) + MORE_THREADS))
    for what, asked in (*wanted, (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu)):
        _, hard = resource.getrlimit(what)
        most = asked if hard == resource.RLIM_INFINITY else min(asked, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS sets no limit of the address space
            resource.setrlimit(what, (most, most))


def threads_of(user):
    """How many threads a user has: the kernel limits the sum (not that of root), so a model gets some more than there are."""
    count = 0
    for process in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if process.isdigit() and os.stat(f"/proc/{process}").st_uid == user:
                count += len(os.listdir(f"/proc/{process}/task"))
    return count


def give_up_privileges(libc):
    """No capability now or later, nothing for others to read, and the first to go when memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITY_VERSION_3, 0))
    libc.capset(header, ctypes.create_string_buffer(24))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with(libc, parent):
    """Be killed when the parent dies; leave if it already has. Set late, as giving up capabilities may clear it."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def refused_by_seccomp():
    """Whether a harmless call that the filter does not list is refused as the filter refuses it."""
    try:
        os.close(os.open("/dev/null", os.O_WRONLY))
    except OSError as error:
        return error.errno == errno.EPERM
    return False


def refused_by_landlock():
    """Whether the root folder, which no rule allows to list, cannot be listed."""
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))
    except OSError as error:
        return error.errno == errno.EACCES
    return False
