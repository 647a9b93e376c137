"""seccomp: the system calls that numeric Python needs, some only with harmless arguments; all others are refused with EPERM.

Found by tracing scikit-learn, skops, XGBoost, LightGBM, CatBoost, ONNX Runtime and Arrow as they load and score; what they ask for and
are refused (a place in memory, a cache on disk), they do without. The machine's own numbers are in `calls`.
"""

import ctypes
import errno
import os
import platform
import struct

from .calls import NUMBERS

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the table, audit architecture
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
SET_MODE_FILTER, ALL_THREADS = 1, 1
X32 = 0x40000000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

PLAIN = """
    access brk clock_getres clock_gettime clock_nanosleep close close_range dup dup2 dup3 exit exit_group faccessat faccessat2
    fadvise64 fstat fstatfs futex getcpu getcwd getdents64 getegid geteuid getgid getpgrp getpid getppid getpriority getrandom
    getresgid getresuid getrlimit getrusage gettid gettimeofday getuid lseek lstat madvise membarrier mincore mmap mprotect mremap
    munmap nanosleep newfstatat poll ppoll pread64 preadv pselect6 read readlink readlinkat readv recvfrom recvmsg restart_syscall
    rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getparam sched_getscheduler sched_yield select sendto set_robust_list set_tid_address sigaltstack stat statfs statx
    sysinfo time times uname write writev
""".split()  # noqa: SIM905 - a paragraph reads better than a column
ABSENT = ("clone3", "openat2")  # refused as if the kernel had no such call, so that the C library takes the older one

O_WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND __O_TMPFILE
CLONE_THREAD = 0x10000
CLONE_OF_THREADS = 0x7D0F00  # what the C libraries pass when they start a thread, the flag itself included
TERMINAL_QUESTIONS = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
PLAIN_FCNTL = (0, 1, 2, 3, 4, 1030)  # F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC
NAMES_OF_THREADS = (15, 16)  # PR_SET_NAME PR_GET_NAME
WIDE_REGISTERS = (0x1021, 0x1022, 0x1023)  # ARCH_GET_XCOMP_SUPP, _GET_XCOMP_PERM, _REQ_XCOMP_PERM

CHECKED = (
    "open",
    "openat",
    "clone",
    "tgkill",
    "prctl",
    "arch_prctl",
    "ioctl",
    "fcntl",
    "prlimit64",
    "sched_setaffinity",
)
LISTED = (*PLAIN, *ABSENT, *CHECKED, "seccomp")


def restrict(libc):
    """Put the filter in force in all threads of this process; says whether the kernel took it."""
    if platform.machine() not in MACHINES:
        return False
    program = filter_for(platform.machine(), os.getpid())
    held = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    number = NUMBERS["seccomp"][MACHINES[platform.machine()][0]]
    return libc.syscall(number, ctypes.c_uint(SET_MODE_FILTER), ctypes.c_uint(ALL_THREADS), described) == 0


def filter_for(machine, process):
    """The program, 8 bytes an instruction, for a kind of machine and a process."""
    column, architecture = MACHINES[machine]
    numbers = {name: pair[column] for name, pair in NUMBERS.items() if pair[column] is not None}
    code = [step(LOAD, 4), step(EQUAL, architecture, 1, 0), step(RETURN, KILL), step(LOAD, 0)]
    if machine == "x86_64":
        code += [step(AT_LEAST, X32, 0, 1), step(RETURN, KILL)]
    plain = {name: [step(RETURN, ALLOW)] for name in PLAIN}
    absent = {name: [step(RETURN, REFUSE | errno.ENOSYS)] for name in ABSENT}
    for name, body in {**plain, **absent, **checked(process)}.items():
        if name in numbers:
            code += [step(EQUAL, numbers[name], 0, len(body)), *body]
    return b"".join([*code, step(RETURN, REFUSE | errno.EPERM)])


def checked(process):
    """Per call the instructions that look at its arguments."""
    own = one_of(0, (0, process))
    return {
        "open": no_bits(1, O_WRITES),
        "openat": no_bits(2, O_WRITES),
        "clone": [
            step(LOAD, low(0)),
            step(ANY_BIT, CLONE_THREAD, 1, 0),
            step(RETURN, REFUSE | errno.EPERM),
            step(ANY_BIT, 0xFFFFFFFF ^ CLONE_OF_THREADS, 0, 1),
            step(RETURN, REFUSE | errno.EPERM),
            step(RETURN, ALLOW),
        ],
        "tgkill": one_of(0, (process,)),
        "prctl": one_of(0, NAMES_OF_THREADS),
        "arch_prctl": one_of(0, WIDE_REGISTERS),
        "ioctl": one_of(1, TERMINAL_QUESTIONS),
        "fcntl": one_of(1, PLAIN_FCNTL),
        "prlimit64": [*null(2), *own],
        "sched_setaffinity": own,
    }


def step(code, k, if_true=0, if_false=0):
    """One instruction."""
    return struct.pack("=HBBI", code, if_true, if_false, k)


def low(argument):
    """Place of the lower half of an argument; both machines are little-endian."""
    return 16 + 8 * argument


def no_bits(argument, bits):
    """Allow the call if none of the bits is set."""
    return [
        step(LOAD, low(argument)),
        step(ANY_BIT, bits, 0, 1),
        step(RETURN, REFUSE | errno.EPERM),
        step(RETURN, ALLOW),
    ]


def one_of(argument, values):
    """Allow the call if the argument, an int of C, is one of some values."""
    tests = [step(EQUAL, value, len(values) - i, 0) for i, value in enumerate(values)]
    return [step(LOAD, low(argument)), *tests, step(RETURN, REFUSE | errno.EPERM), step(RETURN, ALLOW)]


def null(argument):
    """Refuse the call if a pointer is not null; else go on."""
    refuse = step(RETURN, REFUSE | errno.EPERM)
    return [s for half in (0, 4) for s in (step(LOAD, low(argument) + half), step(EQUAL, 0, 1, 0), refuse)]
