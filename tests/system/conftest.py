"""A fresh store of either kind, with nothing running on it yet; what is left running is killed."""

from contextlib import closing

import pytest

from rota.stores import open_store
from tests.system.cluster import Cluster


@pytest.fixture
def new_cluster(request, tmp_path):
    """Return a function that makes a cluster on a new store of the kind `sqlite` or `postgres`."""
    clusters = []

    def make(kind: str, **more) -> Cluster:
        folder = tmp_path / f"cluster-{len(clusters)}"
        folder.mkdir()
        if kind == "sqlite":
            url = f"sqlite:///{folder}/rota.db"
        else:
            url = request.getfixturevalue("postgres_server").create_database()
        with closing(open_store(url)) as store:
            store.migrate()
        clusters.append(Cluster(url, folder, **more))
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show what the processes have said when a test fails."""
    report = yield
    if report.when == "call" and report.failed:
        for log in (
            sorted(item.funcargs["tmp_path"].glob("*/nodes.log")) if "tmp_path" in item.funcargs else []
        ):
            report.sections.append((str(log), log.read_text(errors="replace")[-4000:]))
    return report
