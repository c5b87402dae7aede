"""The suite's daemon, and a tenant of its own for each test."""

import pytest

from api import Api, connect
from daemon import HERE, TENANTS, Daemon, find_binary
from office import Office
from proxy import Proxy

# A machine with a lot else to do must not be taken for a daemon with too much to do.
PATIENT = ["--overload-burst-ms-max", "10000", "--overload-delay-ms-max", "10000"]


def pytest_addoption(parser):
    group = parser.getgroup("attuned")
    group.addoption("--attuned", metavar="FILE", help="the daemon to start (default: the newest in target/)")
    group.addoption("--address", metavar="HOST:PORT", help="a daemon that runs already, as `python3 daemon.py` says")


@pytest.fixture(scope="session")
def start_daemon(request):
    """Starts daemons of the suite's own; they stop with it, having drained."""
    if request.config.getoption("--address"):
        pytest.skip("needs a daemon of its own")
    binary = request.config.getoption("--attuned") or find_binary()
    running = []

    def start(tenants, *flags):
        running.append(Daemon(binary, tenants, *flags))
        return running[-1]

    yield start
    for daemon in running:
        daemon.stop()


@pytest.fixture(scope="session")
def address(request):
    given = request.config.getoption("--address")
    return given or request.getfixturevalue("start_daemon")(TENANTS, *PATIENT).address


@pytest.fixture(scope="session")
def channel(address):
    with connect(address) as channel:
        yield channel


@pytest.fixture(scope="session")
def api(request, channel):
    """The API, bound to no test's tenant. A whole run that passed has called every method of it."""
    api = Api(channel)
    yield api
    files = {item.path.name for item in request.session.items}
    whole = files == {path.name for path in HERE.glob("test_*.py")} and not request.config.getoption("-k")
    if whole and not request.session.testsfailed:
        uncalled = set(api.methods) - api.called
        assert not uncalled, f"no test calls {', '.join(sorted(uncalled))}"


@pytest.fixture(scope="session")
def fresh_tenants():
    return iter(TENANTS)


@pytest.fixture
def office(api, fresh_tenants):
    """A contact centre where nothing has happened yet."""
    office = Office(api.of(next(fresh_tenants)))
    yield office
    office.close()


@pytest.fixture
def proxy(address):
    """A network between a client and the daemon, to be cut and stalled."""
    proxy = Proxy(address)
    yield proxy
    proxy.close()
