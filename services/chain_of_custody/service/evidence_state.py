"""Whether the evidence itself is whole, for health: what the last self-check and the scrub found, in numbers.

Health is open to everybody, so nothing here names an item; who may read the findings reads them where the words say.
"""

from collections.abc import Callable
from typing import Any

from services.chain_of_custody.repository import store as store_repository
from services.chain_of_custody.service.check_outcomes import last_outcome
from shared.http.schemas import format_time
from shared.runtime import Runtime


def evidence_check(runtime: Runtime) -> Callable[[], dict[str, Any]]:
    """A part of the service's health."""

    def check() -> dict[str, Any]:
        with runtime.unit_of_work() as uow:
            verified = last_outcome(uow, runtime.settings.keys_dir)
            open_findings = store_repository.count_open(uow.session)
        words = []
        if verified is not None and not verified.ok:
            many = len(verified.findings)
            words.append(
                f"The self-check of the ledger found {many} thing{'' if many == 1 else 's'} wrong: see /ledger/verification."
            )
        if open_findings:
            words.append(
                f"{open_findings} finding{'' if open_findings == 1 else 's'} of the store's scrub wait: see /store/findings."
            )
        return {
            "state": "degraded" if words else "ok",
            "detail": " ".join(words) or None,
            "checked_at": None if verified is None else format_time(verified.at),
            "ledger_ok": None if verified is None else verified.ok,
            "open_store_findings": open_findings,
        }

    return check
