"""Numbers of custody for /metrics that are read from the database when they are asked for, so that they are never stale."""

from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from services.chain_of_custody.domain.time_limits import Kind
from services.chain_of_custody.repository import ledger, limits
from services.chain_of_custody.service.check_outcomes import last_outcome
from shared.runtime import Runtime

log = structlog.get_logger(__name__)


class OverdueCollector(Collector):
    """siglab_overdue by kind, and when the limits were last looked at; nothing while the database does not answer."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[GaugeMetricFamily]:
        """The families, empty."""
        return [
            GaugeMetricFamily("siglab_overdue", "Things beyond their time limit", labels=["kind"]),
            GaugeMetricFamily(
                "siglab_overdue_checked_timestamp_seconds", "When all time limits were last looked at"
            ),
        ]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families as they are now."""
        try:
            with self._runtime.unit_of_work() as uow:
                open_now = [row.kind for row in limits.open_entries(uow.session)]
                checked = limits.last_check(uow.session)
        except SQLAlchemyError as error:
            log.warning("no_overdue_metrics", error=str(error))
            return
        overdue, looked = self.describe()
        for kind in Kind:
            overdue.add_metric([kind.value], open_now.count(kind.value))
        yield overdue
        if checked is not None:
            looked.add_metric([], checked.timestamp())
            yield looked


class LedgerCollector(Collector):
    """What the last full check of the log found, when, and how far the log has grown since; nothing while no database answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[GaugeMetricFamily]:
        """The families, empty."""
        return [
            GaugeMetricFamily("siglab_ledger_size", "Entries below the newest signed head of the log"),
            GaugeMetricFamily("siglab_ledger_waiting", "Events that wait for their place in the log"),
            GaugeMetricFamily("siglab_ledger_ok", "1 where the last full check found nothing wrong, else 0"),
            GaugeMetricFamily("siglab_ledger_verified_size", "Entries that the last full check saw"),
            GaugeMetricFamily("siglab_ledger_verified_timestamp_seconds", "When the last full check began"),
        ]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families as they are now; those of the check are left out before the first one."""
        try:
            with self._runtime.unit_of_work() as uow:
                head = ledger.newest_checkpoint(uow.session)
                waiting = ledger.count_waiting(uow.session)
                check = last_outcome(uow, self._runtime.settings.keys_dir)
                values = [0 if head is None else head.size, waiting]
                if check is not None:
                    values += [int(check.ok), check.size, int(check.at.timestamp())]
        except SQLAlchemyError as error:
            log.warning("no_ledger_metrics", error=str(error))
            return
        for family, value in zip(self.describe(), values, strict=False):
            family.add_metric([], value)
            yield family
