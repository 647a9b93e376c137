"""Side-effect canaries: what a hostile model may try. Each is a snippet that raises when it is stopped.

This file is also the `code` of the model that runs them in its worker: only the standard library, and what a model file needs
anyway, may be imported here. `ARENA` is filled in by `harness.py`.
"""

import ctypes
import os
import platform
import sys

ARENA = {}

# Linux numbers of calls that the standard library does not offer: (x86-64, aarch64)
RAW = {
    "add_key": (248, 217), "bpf": (321, 280), "clone": (56, 220), "clone3": (435, 435), "execveat": (322, 281),
    "fanotify_init": (300, 262), "fork": (57, None), "inotify_init1": (294, 26), "io_setup": (206, 0), "io_uring_setup": (425, 425),
    "kcmp": (312, 272), "keyctl": (250, 219), "memfd_create": (319, 279), "memfd_secret": (447, 447), "mount": (165, 40),
    "mq_open": (240, 180), "msgget": (68, 186), "openat2": (437, 437), "perf_event_open": (298, 241), "personality": (135, 92),
    "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "process_vm_readv": (310, 270),
    "ptrace": (101, 117), "rt_sigqueueinfo": (129, 138), "semget": (64, 190), "sethostname": (170, 161), "setns": (308, 268),
    "shmget": (29, 194), "signalfd4": (289, 74), "syslog": (103, 116), "tgkill": (234, 131), "umount2": (166, 39),
    "unshare": (272, 97), "userfaultfd": (323, 282), "vfork": (58, None),
}  # fmt: skip

SPAWN = {
    "read an environment variable": "must(any('SECRET' in k for k in os.environ))",
    "read an inherited file": "must(any(ARENA['folder'] in os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')))",
}  # fmt: skip

FILES = {
    "write a new file": "open(here('new'), 'w').write('x')",
    "append to a file": "open(here('victim'), 'a').write('x')",
    "open for reading and writing": "open(here('victim'), 'r+b').write(b'x')",
    "change a file through memory": "import mmap; f = open(here('victim'), 'r+b'); mmap.mmap(f.fileno(), 0)[0] = 120",
    "make a nameless file": "os.open(here(''), os.O_TMPFILE | os.O_RDWR)",
    "truncate": "os.truncate(here('victim'), 0)",
    "open with truncation": "os.open(here('victim'), os.O_RDONLY | os.O_TRUNC)",
    "create by openat2": "must(raw('openat2', -100, here('new').encode(), struct.pack('QQQ', os.O_CREAT | os.O_WRONLY, 0o644, 0), 24) >= 0)",
    "make a folder": "os.mkdir(here('new'))",
    "remove a folder": "os.rmdir(here('empty'))",
    "remove a file": "os.unlink(here('victim'))",
    "rename a file": "os.rename(here('victim'), here('moved'))",
    "make a symbolic link": "os.symlink('/', here('new'))",
    "make a hard link": "os.link(here('victim'), here('new'))",
    "make a pipe with a name": "os.mkfifo(here('new'))",
    "make a device": "os.mknod(here('new'), 0o20666, os.makedev(1, 3))",
    "change the mode": "os.chmod(here('victim'), 0o777)",
    "change the owner": "os.chown(here('victim'), 12345, -1)",
    "change the times": "os.utime(here('victim'), (1, 1))",
    "set an attribute": "os.setxattr(here('victim'), 'user.seatrial', b'x')",
    "lock a file": "import fcntl; fcntl.flock(os.open(here('victim'), os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)",
    "watch a folder": "fd = raw('inotify_init1', 0); must(fd >= 0 and libc.inotify_add_watch(fd, here('').encode(), 2) >= 0)",
    "copy a file": "import shutil; shutil.copyfile(here('victim'), here('new'))",
    "write with pathlib": "import pathlib; pathlib.Path(here('new')).write_bytes(b'x')",
    "write a temporary file": "import tempfile; tempfile.mkstemp(dir=here(''))",
    "write a log": "import logging; logging.FileHandler(here('new'))",
    "write a database": "import sqlite3; sqlite3.connect(here('new')).execute('create table t (x)')",
    "write an archive": "import zipfile; zipfile.ZipFile(here('new'), 'w').writestr('a', 'x')",
    "write an array": "import numpy; numpy.savetxt(here('new'), [1.0])",
    "write a table": "X.to_csv(here('new'))",
    "write a model": "import joblib; joblib.dump([1], here('new'))",
    "write from a folder below": "os.chdir(here('')); open('new', 'w').write('x')",
    "shared memory": "from multiprocessing import shared_memory as m; s = m.SharedMemory(create=True, size=8); s.close(); s.unlink()",
    "a semaphore with a name": "import multiprocessing; multiprocessing.get_context('spawn').Semaphore()",
    "be killed last": "open('/proc/self/oom_score_adj', 'w').write('0')",
}  # fmt: skip

READS = {
    "read another file": "must(b'secret' in open(here('secret'), 'rb').read())",
    "read the accounts": "must(b'root' in open('/etc/passwd', 'rb').read())",
    "list a folder": "must('secret' in os.listdir(here('')))",
    "list the root folder": "must(os.listdir('/'))",
    "read through the own root": "must(b'secret' in open('/proc/self/root' + here('secret'), 'rb').read())",
    "read who is connected": "must(open('/proc/self/net/tcp').read())",
    "read what is mounted": "must(open('/proc/self/mountinfo').read())",
    "read where the parent runs": "must(os.readlink(f'/proc/{os.getppid()}/cwd'))",
    "list processes": "must(sum(n.isdigit() for n in os.listdir('/proc')) > 1)",
    "read the parent's command line": "must(open(f'/proc/{os.getppid()}/cmdline', 'rb').read())",
    "read the parent's environment": "must(open(f'/proc/{os.getppid()}/environ', 'rb').read())",
    "read the parent's maps": "must(open(f'/proc/{os.getppid()}/maps', 'rb').read())",
    "find the project": "must(any(os.path.isdir(os.path.join(p, 'validators')) and os.listdir(p) for p in (ARENA['product'],)))",
}  # fmt: skip

PROCESSES = {
    "run a shell": "must(os.system('touch ' + here('new')) == 0)",
    "run a program": "import subprocess; subprocess.run(['touch', here('new')], check=True)",
    "a shell through C": "must(libc.system(('touch ' + here('new')).encode()) == 0)",
    "fork": "child = os.fork(); child or os._exit(0)",
    "fork by number": "child = raw('fork'); child or os._exit(0); must(child > 0)",
    "fork a process that shares memory": "child = raw('clone', 17, 0, 0, 0, 0); child or os._exit(0); must(child > 0)",
    "fork by clone3": "child = raw('clone3', struct.pack('11Q', 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0), 88); child or os._exit(0); must(child > 0)",
    "spawn": "os.posix_spawn('/usr/bin/touch', ['touch', here('new')], {})",
    "become another program": "os.execv('/usr/bin/touch', ['touch', here('new')])",
    "a program from memory": (
        "fd = raw('memfd_create', b'x', 0); must(fd >= 0); os.write(fd, open('/usr/bin/touch', 'rb').read()); "
        "raw('execveat', fd, b'', (ctypes.c_char_p * 3)(b'touch', here('new').encode(), None), None, 0x1000); must(False)"
    ),
    "a process pool": "import multiprocessing as m; c = m.get_context('fork').Process(target=os.getpid); c.start(); c.join()",
    "a terminal": "import pty; pid, fd = pty.fork(); pid or os._exit(0)",
}  # fmt: skip

NETWORK = {
    "connect": "socket.create_connection(('127.0.0.1', ARENA['tcp']), timeout=3)",
    "send a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', ARENA['udp']))",
    "listen": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "ask for a page": "import http.client as h; h.HTTPConnection('127.0.0.1', ARENA['tcp'], timeout=3).request('GET', '/')",
    "a local socket": "socket.socket(socket.AF_UNIX).connect(here('local'))",
    "a local socket without a file": "socket.socket(socket.AF_UNIX).connect(ARENA['abstract'])",
    "raw packets": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "sniff": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)",
    "ask the kernel's routes": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "a pair of sockets": "socket.socketpair()",
    "pass a file to the parent": "socket.send_fds(socket.socket(fileno=os.dup(int(sys.argv[1]))), [b''], [0])",
    "read the clipboard of a terminal": "import fcntl; fcntl.ioctl(os.open('/dev/ptmx', os.O_RDONLY), 0x5412, b'x')",
}  # fmt: skip

OTHERS = {
    "end a process": "os.kill(ARENA['victim'], 15)",
    "see whether the parent lives": "os.kill(os.getppid(), 0)",
    "end a process by thread": "must(raw('tgkill', ARENA['victim'], ARENA['victim'], 15) == 0)",
    "queue a signal": "must(raw('rt_sigqueueinfo', ARENA['victim'], 15, struct.pack('iii', 15, 0, -1).ljust(128, b'0')) == 0)",
    "signal through a descriptor": "fd = raw('pidfd_open', ARENA['victim'], 0); must(fd >= 0 and raw('pidfd_send_signal', fd, 15, 0, 0) == 0)",
    "take a file of another process": "fd = raw('pidfd_open', ARENA['victim'], 0); must(fd >= 0 and raw('pidfd_getfd', fd, 0, 0) >= 0)",
    "read the memory of a process": (
        "b = ctypes.create_string_buffer(8); maps = open(f\"/proc/{ARENA['victim']}/maps\").readline(); "
        "v = lambda a: struct.pack('QQ', a, 8); "
        "must(raw('process_vm_readv', ARENA['victim'], v(ctypes.addressof(b)), 1, v(int(maps.split('-')[0], 16)), 1, 0) == 8)"
    ),
    "slow a process down": "os.setpriority(os.PRIO_PROCESS, ARENA['victim'], 19)",
    "bind a process to a core": "os.sched_setaffinity(ARENA['victim'], {0})",
    "limit a process": "import resource; resource.prlimit(ARENA['victim'], resource.RLIMIT_NOFILE, (10, 10))",
    "lift the own limits": "import resource; s, h = resource.getrlimit(resource.RLIMIT_NOFILE); resource.setrlimit(resource.RLIMIT_NOFILE, (s - 1, h))",
    "outlive the parent": "must(libc.prctl(1, 0, 0, 0, 0) == 0)",
    "be readable by others": "must(libc.prctl(4, 1, 0, 0, 0) == 0)",
    "compare with a process": "must(raw('kcmp', os.getpid(), ARENA['victim'], 1, 0, 0) >= 0)",
    "load a kernel program": "must(raw('bpf', 0, struct.pack('IIII', 1, 4, 4, 1).ljust(72, b'\\0'), 72) >= 0)",
    "count events of the processor": "must(raw('perf_event_open', struct.pack('IIQ', 1, 112, 0).ljust(112, b'\\0'), 0, -1, -1, 0) >= 0)",
    "a ring of calls": "must(raw('io_uring_setup', 4, bytes(120)) >= 0)",
    "calls in the background": "must(raw('io_setup', 4, bytes(8)) >= 0)",
    "store a key": "must(raw('add_key', b'user', b'seatrial', b'x', 1, -3) >= 0)",
    "read the keys": "must(raw('keyctl', 0, -3, 1) >= 0)",
    "handle page faults": "must(raw('userfaultfd', 0x80001) >= 0 or raw('userfaultfd', 0x80000) >= 0)",
    "memory without a file": "must(raw('memfd_create', b'x', 0) >= 0)",
    "a queue of messages": "must(raw('mq_open', b'seatrial', os.O_CREAT | os.O_RDWR, 0o600, 0) >= 0)",
    "old shared memory": "must(raw('shmget', 0, 4096, 0o1600) >= 0)",
    "old semaphores": "must(raw('semget', 0, 1, 0o1600) >= 0)",
    "old messages": "must(raw('msgget', 0, 0o1600) >= 0)",
    "signals as a file": "must(raw('signalfd4', -1, bytes(8), 8, 0) >= 0)",
    "watch the file system": "must(raw('fanotify_init', 0x200, 0) >= 0)",
    "read the log of the kernel": "must(raw('syslog', 10, 0, 0) >= 0)",
    "behave like an older system": "must(raw('personality', 0x40000) >= 0)",
    "name the machine": "n = os.uname().nodename.encode(); must(raw('sethostname', n, len(n)) == 0)",
    "mount": "must(raw('mount', b'none', here('empty').encode(), b'tmpfs', 0, 0) == 0); raw('umount2', here('empty').encode(), 2)",
}  # fmt: skip

ALONE = {
    "have signals sent": "import fcntl; fcntl.fcntl(int(sys.argv[1]), fcntl.F_SETOWN, ARENA['victim'])",
    "be traced": "must(raw('ptrace', 0, 0, 0, 0) == 0)",
    "trace a process": "must(raw('ptrace', 0x4206, ARENA['victim'], 0, 0) == 0)",
    "a user namespace": "must(raw('unshare', 0x10000000) == 0 or forked(lambda: raw('unshare', 0x10000000)) == 0)",
    "a mount namespace": "must(raw('unshare', 0x20000) == 0)",
    "another root": "os.chroot(here(''))",
    "another user": "os.setresuid(12345, 12345, 12345)",
    "another group": "os.setgroups([12345])",
    "a session of its own": "os.setpgid(0, 0) if os.getpid() != os.getpgid(0) else must(libc.prctl(36, 1, 0, 0, 0) == 0)",
    "a call of the narrow ABI": "must(libc.syscall(0x40000000 + 39) >= 0)",
}  # fmt: skip

ATTACKS = {**SPAWN, **FILES, **READS, **PROCESSES, **NETWORK, **OTHERS, **ALONE}
NAMES = list(ATTACKS)

# why an attack may be silent when nothing stops it: it needs what this user, this kernel or this worker does not have
SPAWNED = "stopped already by how the parent starts the worker"
ROOT, KERNEL = "needs root", "a kernel may be built or set without it"
NO_CONTROL = {
    **dict.fromkeys(SPAWN, SPAWNED),
    **dict.fromkeys((
        "make a device", "change the owner", "raw packets", "sniff", "read the clipboard of a terminal", "read the log of the kernel",
        "name the machine", "mount", "a mount namespace", "another root", "another user", "another group",
    ), ROOT),
    **dict.fromkeys((
        "a call of the narrow ABI", "a queue of messages", "set an attribute", "load a kernel program", "count events of the processor",
        "a ring of calls", "calls in the background", "handle page faults", "watch the file system", "compare with a process",
        "a user namespace", "store a key", "read the keys", "trace a process", "be traced", "read the memory of a process",
        "take a file of another process", "make a nameless file", "fork by number", "old messages", "old semaphores", "old shared memory",
    ), KERNEL),
}  # fmt: skip


def must(held):
    """Raise when an attempt failed."""
    if not held:
        raise OSError("stopped")
    return held


def here(name):
    """A path in the folder that the attacks are after."""
    return os.path.join(ARENA["folder"], name)


def forked(call):
    """What a call gives in a process of one thread."""
    child = os.fork()
    if not child:
        os._exit(call() & 0x7F)
    return os.waitpid(child, 0)[1]


def raw(name, *arguments):
    """A system call by its number; it counts as stopped where this machine has none."""
    number = RAW[name][0 if platform.machine() == "x86_64" else 1]
    must(number is not None)
    return ctypes.CDLL(None).syscall(
        ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    )


class Attack:
    """A model whose score is 1 when the attack that its first row names came through."""

    classes_ = [0, 1]

    def predict_proba(self, X):
        import signal
        import socket
        import struct

        held = {"os": os, "sys": sys, "ctypes": ctypes, "signal": signal, "socket": socket, "struct": struct, "X": X}
        held |= {"ARENA": ARENA, "here": here, "must": must, "raw": raw, "forked": forked, "libc": ctypes.CDLL(None)}
        try:
            exec(ATTACKS[NAMES[int(X.a.iloc[0])]], held)
            fired = 1.0
        except Exception:
            fired = 0.0
        return [[1 - fired, fired]] * len(X)
