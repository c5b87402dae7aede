"""An attuned of the suite's own: free ports, its own documents, and its log.

    ATTUNE_TENANTS=$(python3 tests/python/daemon.py) attuned

starts one by hand instead, such as below a debugger, for one run of the suite with `--address`.
"""

import json
import os
import pathlib
import signal
import subprocess
import threading
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "tests" / "office.toml"
READY_SECONDS_MAX = 30
# One for each test.
TENANTS = [f"t{number}" for number in range(1, 401)]


def find_binary():
    """The newest attuned that cargo has built here."""
    built = [ROOT / "target" / profile / "attuned" for profile in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        raise FileNotFoundError("no attuned in target/: run `cargo build --release`, or say --attuned FILE")
    return max(built, key=lambda path: path.stat().st_mtime)


class Daemon:
    """A process, and where it listens."""

    def __init__(self, binary, tenants, *flags, document=DOCUMENT, durability="memory"):
        arguments = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]
        arguments += ["--journal-durability", durability, *flags]
        settings = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
        settings["ATTUNE_TENANTS"] = with_document(tenants, document)
        self.log = []
        self.process = subprocess.Popen(
            [binary, *arguments], env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._is_ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._is_ready.wait(READY_SECONDS_MAX) or not hasattr(self, "address"):
            self.process.kill()
            raise RuntimeError("attuned was not ready in time:\n" + "".join(self.log))

    def terminate(self):
        """Asks it to drain and stop."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Its exit code."""
        return self.process.wait(timeout=30)

    def stop(self):
        """Stops it unless it has ended by itself; either way it must have ended well."""
        if self.process.poll() is None:
            self.terminate()
        code = self.wait()
        assert code == 0, f"attuned ended with {code}:\n" + "".join(self.log[-20:])

    def fetch(self, path):
        """A page of the admin port."""
        return urllib.request.urlopen(f"http://{self.admin}{path}", timeout=5).read().decode()

    def _read(self):
        for line in self.process.stdout:
            self.log.append(line)
            fields = parsed(line)
            if fields.get("message") == "ready":
                self.address, self.admin = fields["api"], fields["admin"]
                self._is_ready.set()
        # It has ended; nobody needs to wait for it to be ready any more.
        self._is_ready.set()


def with_document(tenants, document=DOCUMENT):
    return ",".join(f"{tenant}={document}" for tenant in tenants)


def parsed(line):
    try:
        line = json.loads(line)
        return line.get("fields", line)
    except ValueError:
        return {}


if __name__ == "__main__":
    print(with_document(TENANTS))
