#!/usr/bin/env python3
"""Talks to the guest's QEMU agent: guest.py VM-FOLDER wait SECONDS | run [-i] CMD... | put SRC DST | get SRC DST | shutdown;
and to QEMU itself: plug NAME IMAGE [ro] | pull NAME."""
import base64, fcntl, json, os, random, shlex, socket, sys, time

ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root",
       "LOGNAME=root", "SHELL=/bin/bash", "LANG=C.UTF-8", "TERM=dumb"]
# The agent would log every command line in the guest's journal, and so write markers on the disk.
# So that line is always this one and the real command comes in the environment. build also takes
# the system log away from the agent itself; nsenter gives it back to the command.
SHELL = ["-t", "1", "-m", "/bin/sh", "-c", 'eval "unset COMMAND; cd; $COMMAND"']


def connect(name):
    s = socket.socket(socket.AF_UNIX)
    s.connect(name)
    return s


def settle(s):
    """Waits until the agent answers on this connection. It throws away what comes while it still hears of the connection
    before this one, a part of a request too, so nothing else is sent until then."""
    mark = random.getrandbits(31)
    s.sendall(b"\xff" + json.dumps({"execute": "guest-sync-delimited", "arguments": {"id": mark}}).encode() + b"\n")
    f = s.makefile("rb")
    while not (line := f.readline()).endswith(b'{"return": %d}\n' % mark):
        if not line:
            raise ConnectionError("the machine went off")
    return f


def ask(command, timeout=30, **arguments):
    """One request on its own connection (the socket takes one client at a time, so none keeps it)."""
    end = time.monotonic() + timeout
    with open("agent.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        while True:
            with connect("agent.sock") as s:
                s.settimeout(min(timeout, 3))
                try:
                    f = settle(s)
                except TimeoutError:
                    if time.monotonic() < end:
                        continue
                    raise TimeoutError("the machine does not answer") from None
                s.settimeout(timeout)
                s.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
                line = f.readline()
                if not line:
                    raise ConnectionError("the machine went off")
                reply = json.loads(line)
                if "error" in reply:
                    raise RuntimeError(reply["error"]["desc"])
                return reply["return"]


def start(command, data=b""):
    return ask("guest-exec", path="/usr/bin/nsenter", arg=SHELL, env=ENV + ["COMMAND=" + command],
               **{"input-data": base64.b64encode(data).decode(), "capture-output": True})["pid"]


def finish(pid):
    pause = 0.005
    while not (r := ask("guest-exec-status", pid=pid))["exited"]:
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    out, err = (base64.b64decode(r.get(k, "")) for k in ("out-data", "err-data"))
    if r.get("out-truncated") or r.get("err-truncated"):
        err += b"laptop: output cut at 16 MiB: write it to a file and get that\n"
    return r["exitcode"] if "exitcode" in r else 128 + r["signal"], out, err


def check(result):
    if result[0]:
        raise RuntimeError(result[2].decode(errors="replace").strip() or f"exit status {result[0]}")
    return result[1]


def wait(seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            ask("guest-ping", timeout=2)
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
    return finish(start("systemctl is-system-running --wait"))[1].decode().strip()


def put(src, dst):
    size, mode = os.stat(src).st_size, os.stat(src).st_mode & 0o777
    q = shlex.quote(dst)
    check(finish(start(f"umask 077; : >{q}")))  # fails here if it must: not with data on the way
    with open("data.lock", "w") as lock, open(src, "rb") as f, connect("data.sock") as s:
        fcntl.flock(lock, fcntl.LOCK_EX)
        s.settimeout(60)
        pid = start(f"head -c {size} </dev/virtio-ports/laptop.data >{q} && chmod {mode:o} {q} && stat -c %s {q}")
        s.sendfile(f)
        if int(check(finish(pid))) != size:
            raise RuntimeError("short copy")


def get(src, dst):
    q = shlex.quote(src)
    size, mode = check(finish(start(f"stat -Lc '%s %a' {q}"))).split()
    left = int(size)
    with open("data.lock", "w") as lock, connect("data.sock") as s, open(dst, "wb") as f:
        fcntl.flock(lock, fcntl.LOCK_EX)
        s.settimeout(60)
        pid = start(f"head -c {left} {q} >/dev/virtio-ports/laptop.data")
        while left:
            block = s.recv(min(left, 1 << 20))
            if not block:
                raise ConnectionError("the machine went off")
            f.write(block)
            left -= len(block)
        check(finish(pid))
    os.chmod(dst, int(mode, 8) & 0o777)


class Monitor:
    """QEMU's own socket, for what is plugged in and pulled out while the machine is on (LAPTOP_USB)."""

    def __init__(self):
        self.socket = connect("qmp.sock")
        self.socket.settimeout(30)
        self.lines = self.socket.makefile("rb")
        self.next()  # its greeting
        self.ask("qmp_capabilities")

    def next(self):
        line = self.lines.readline()
        if not line:
            raise ConnectionError("the machine went off")
        return json.loads(line)

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "event" in (reply := self.next()):
            pass
        if "error" in reply:
            raise RuntimeError(reply["error"]["desc"])

    def plug(self, name, image, how="rw"):
        self.ask("blockdev-add", **{"node-name": name, "driver": "raw", "read-only": how == "ro",
                                    "file": {"driver": "file", "filename": image}})
        self.ask("device_add", driver="usb-storage", id="usb-" + name, drive=name, serial=name, removable=True)

    def pull(self, name):
        """Ends when the image is closed: the machine may notice later, or have turned the stick off before."""
        self.ask("device_del", id="usb-" + name)
        end = time.monotonic() + 20
        while True:
            try:
                return self.ask("blockdev-del", **{"node-name": name})
            except RuntimeError:  # still in use
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def main(folder, verb, *args):
    args = list(args)
    if verb == "plug" and len(args) in (2, 3):
        args[1] = os.path.abspath(args[1])
    if verb in ("put", "get") and len(args) == 2:
        side = 0 if verb == "put" else 1  # the path on this side, before the folder changes
        args[side] = os.path.abspath(args[side])
    os.chdir(folder)
    if verb == "wait":
        print(wait(float(args[0])))
    elif verb == "run" and args:
        data = b""
        if args[0] == "-i":
            args.pop(0)
            data = sys.stdin.buffer.read()
        status, out, err = finish(start(shlex.join(args), data))
        sys.stdout.buffer.write(out)
        sys.stderr.buffer.write(err)
        return status
    elif verb == "shutdown":
        start("systemctl poweroff")
    elif verb == "plug" and (len(args) == 2 or args[2:] == ["ro"]):
        Monitor().plug(*args)
    elif verb == "pull" and len(args) == 1:
        Monitor().pull(*args)
    elif verb in ("put", "get") and len(args) == 2:
        (put if verb == "put" else get)(*args)
    else:
        raise RuntimeError("usage: run [-i] CMD..., put SRC DST, get SRC DST, plug NAME IMAGE [ro], pull NAME")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, RuntimeError, ValueError) as e:
        print(f"laptop: {e}", file=sys.stderr)
        sys.exit(125)
