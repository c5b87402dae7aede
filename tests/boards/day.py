"""A daemon with a journal, a bank's day against it, and a Prometheus that scrapes it by the example in `deploy/`.

    python3 tests/boards/day.py --minutes 15 --attuned target/release/attuned --plots DIRECTORY

plays a longer day for people and plots what the dashboards would show of it.
"""

import argparse
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DEPLOY = ROOT / "deploy" / "prometheus"
# As pytest.ini has it.
sys.path[:0] = [str(ROOT / "tests" / "python"), str(ROOT / "deploy" / "grafana")]

from api import Api, connect  # noqa: E402
from bank import Bank  # noqa: E402
from daemon import Daemon, find_binary  # noqa: E402

READY_SECONDS_MAX = 30
# A machine with a lot else to do must not be taken for a daemon with too much to do.
PATIENT = ["--overload-burst-ms-max", "400", "--overload-delay-ms-max", "300"]
# What a Prometheus of version 2 has to be told for it.
NATIVE = ["--enable-feature=native-histograms,exemplar-storage"]


class Prometheus:
    """A real one, with the rules and the example configuration that are shipped; only its pace and its target differ."""

    def __init__(self, binary, folder, target, *options):
        folder.mkdir(exist_ok=True)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        (folder / "prometheus.yml").write_text(configured(target))
        for rules in DEPLOY.glob("attune.*.yml"):
            shutil.copy(rules, folder)
        self.log = open(folder / "prometheus.log", "w")
        arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        arguments += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", *options]
        self.process = subprocess.Popen([binary, *arguments], stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("Prometheus was not ready:\n" + (folder / "prometheus.log").read_text())
            time.sleep(0.1)

    def _is_ready(self):
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=1).status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        """What its API answers; an error is raised with the reason that it gives."""
        try:
            url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None

    def query(self, expression):
        """The series of an expression now: labels and values."""
        found = self.get("query", query=expression)
        return [(row["metric"], float(row["value"][1])) for row in found["result"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def configured(target):
    """The example configuration for a daemon on another port, scraped and evaluated every second."""
    text = (DEPLOY / "prometheus.yml").read_text()
    for pattern, now in [(r"127\.0\.0\.1:7701", target), (r"(?m)^(\s*\w+_interval:) .*", r"\1 1s")]:
        text, count = re.subn(pattern, now, text)
        assert count, f"{pattern} is not in the example configuration"
    return text


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def find_prometheus():
    return shutil.which("prometheus")


def start_daemon(binary, folder):
    """A daemon on its second day: the first has left it a journal and a snapshot."""
    flags = ["--journal-folder", str(folder / "journal"), "--metrics-native-histograms", "on", *PATIENT]

    def start():
        return Daemon(binary, ["default"], *flags, document=HERE / "bank.toml", durability="sync")

    daemon = start()
    with connect(daemon.address) as channel:
        Api(channel, "default").enqueue_contact(contact_id="yesterday", queue="mailbox", channel="email")
    daemon.stop()
    return start()


@contextmanager
def played(attuned, prometheus, seconds):
    """Two who watch a day that has been going on for so long and goes on; the second takes native histograms."""
    with tempfile.TemporaryDirectory(prefix="attune-boards-") as folder:
        folder = pathlib.Path(folder)
        daemon = start_daemon(attuned, folder)
        watching = Prometheus(prometheus, folder / "classic", daemon.admin)
        native = Prometheus(prometheus, folder / "native", daemon.admin, *NATIVE)
        bank = Bank(daemon)
        try:
            bank.open()
            bank.live(seconds)
            yield watching, native
            faults = bank.close()
            assert not faults, "refused:\n" + "\n".join(faults)
        finally:
            watching.stop()
            native.stop()
            daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--attuned", metavar="FILE", default=None, help="default: the newest in target/")
    parser.add_argument("--prometheus", metavar="FILE", default=find_prometheus())
    parser.add_argument("--plots", metavar="DIRECTORY", required=True, help="where to put the dashboards' pictures")
    arguments = parser.parse_args()
    import plot

    with played(arguments.attuned or find_binary(), arguments.prometheus, arguments.minutes * 60) as (watching, _):
        plot.plot_all(watching.url, arguments.minutes, pathlib.Path(arguments.plots))


if __name__ == "__main__":
    main()
