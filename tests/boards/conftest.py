"""One day for all tests: a daemon under load, watched by a Prometheus for a minute."""

import pytest

from daemon import find_binary
from day import find_prometheus, played

SECONDS = 70


def pytest_addoption(parser):
    group = parser.getgroup("boards")
    group.addoption("--attuned", metavar="FILE", help="the daemon to start (default: the newest in target/)")
    group.addoption("--prometheus", metavar="FILE", help="the Prometheus to start (default: the one in PATH)")


@pytest.fixture(scope="session")
def day(request):
    attuned = request.config.getoption("--attuned") or find_binary()
    binary = request.config.getoption("--prometheus") or find_prometheus()
    assert binary, "no prometheus in PATH: say --prometheus FILE"
    with played(attuned, binary, SECONDS) as watching:
        yield watching


@pytest.fixture(scope="session")
def prometheus(day):
    """One that reads text, as the example in `deploy/` has it."""
    return day[0]


@pytest.fixture(scope="session")
def native(day):
    """One that takes native histograms of the same day."""
    return day[1]
