"""The self-check's comparisons of what acts made beside items: offers, holds, disposals, discrepancies, corrections."""

from services.chain_of_custody.repository.compare_rows import acts, compare

_OFFERS = ("handover_offered", "handed_over", "returned", "handover_declined", "handover_withdrawn")


def _one(value: str, *kinds: str) -> str:
    """The value that the events of these types tell; of several that differ, the least, so that one forged row never hides."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"min({value}) FILTER (WHERE type IN ({listed}))"


_HANDOVERS = compare(
    "hand-over",
    "chain_of_custody.handovers",
    f"""SELECT id, max(giver) AS giver, max(giver_name) AS giver_name, max(receiver) AS receiver,
        max(receiver_name) AS receiver_name,
        {_one("purpose", "handover_offered")} AS purpose, {_one("recorded_at", "handover_offered")} AS offered_at,
        CASE max(CASE type WHEN 'handover_offered' THEN 0 WHEN 'handover_withdrawn' THEN 1
                WHEN 'handover_declined' THEN 2 ELSE 3 END)
            WHEN 0 THEN 'offered' WHEN 1 THEN 'withdrawn' WHEN 2 THEN 'declined' ELSE 'accepted' END AS state,
        {_one("purpose", "handover_declined", "handover_withdrawn")} AS reason,
        min(recorded_at) FILTER (WHERE type <> 'handover_offered') AS ended_at
    FROM (SELECT details ->> 'handover_id' AS id, type, purpose, recorded_at, details ->> 'from' AS giver,
            details ->> 'from_name' AS giver_name, details ->> 'to' AS receiver, details ->> 'to_name' AS receiver_name
        FROM {acts(*_OFFERS)} WHERE details ? 'handover_id' OFFSET 0) AS each GROUP BY id""",
    {
        "giver": "told.giver",
        "giver_name": "coalesce(told.giver_name, seen.giver_name)",
        "receiver": "told.receiver",
        "receiver_name": "coalesce(told.receiver_name, seen.receiver_name)",
        "purpose": "coalesce(told.purpose, seen.purpose)",
        "state": "told.state",
        "reason": "told.reason",
        "offered_at": "coalesce(told.offered_at, seen.offered_at)",
        "ended_at": "told.ended_at",
    },
)
_OFFERED = compare(
    "offer",
    "(SELECT *, item_id || ' in hand-over ' || handover_id AS id FROM chain_of_custody.handover_items)",
    f"""SELECT item_id || ' in hand-over ' || handover_id AS id, max(number) AS number, count(*) = 1 AS pending
    FROM (SELECT act.item_id, details ->> 'handover_id' AS handover_id, record ->> 'item_number' AS number
        FROM {acts(*_OFFERS)} WHERE details ? 'handover_id' OFFSET 0) AS each GROUP BY item_id, handover_id""",
    {"number": "told.number", "pending": "told.pending"},
)
_HOLDS = compare(
    "hold",
    "chain_of_custody.holds",
    f"""SELECT id, {_one("item_id", "hold_placed")} AS item_id, {_one("purpose", "hold_placed")} AS reason,
        {_one("actor", "hold_placed")} AS placed_by, {_one("recorded_at", "hold_placed")} AS placed_at,
        {_one("actor", "hold_released")} AS released_by, {_one("recorded_at", "hold_released")} AS released_at,
        {_one("purpose", "hold_released")} AS release_reason
    FROM (SELECT details ->> 'hold_id' AS id, type, item_id, purpose, actor, recorded_at
        FROM {acts("hold_placed", "hold_released")} OFFSET 0) AS each GROUP BY id""",
    {
        name: f"told.{name}"
        for name in (
            "item_id", "reason", "placed_by", "placed_at", "released_by", "released_at", "release_reason",
        )
    },
)  # fmt: skip
_HELD = compare(
    "hold of",
    "(SELECT *, item_id || ' by ' || hold_id AS id FROM chain_of_custody.hold_items)",
    f"""SELECT DISTINCT act.item_id || ' by ' || (details ->> 'hold_id') AS id
    FROM {acts("hold_placed", "hold_placed_above")}""",
    {},
)
_DISPOSALS = compare(
    "disposal",
    "chain_of_custody.disposals",
    f"""SELECT id, max(item_id) AS item_id, max(method) AS method,
        {_one("purpose", "disposal_requested")} AS purpose,
        CASE max(CASE type WHEN 'disposal_requested' THEN 0 WHEN 'disposal_authorised' THEN 1
                WHEN 'disposal_withdrawn' THEN 2 ELSE 3 END)
            WHEN 0 THEN 'requested' WHEN 1 THEN 'authorised' WHEN 2 THEN 'withdrawn' ELSE 'executed' END AS state,
        {_one("actor", "disposal_requested")} AS requested_by, {_one("recorded_at", "disposal_requested")} AS requested_at,
        {_one("actor", "disposal_authorised")} AS authorised_by, {_one("recorded_at", "disposal_authorised")} AS authorised_at,
        {_one("actor", "disposed")} AS executed_by, {_one("recorded_at", "disposed")} AS executed_at,
        {_one("witness", "disposed")} AS witness,
        {_one("actor", "disposal_withdrawn")} AS withdrawn_by, {_one("recorded_at", "disposal_withdrawn")} AS withdrawn_at,
        {_one("reason", "disposal_withdrawn")} AS withdraw_reason
    FROM (SELECT details ->> 'disposal_id' AS id, item_id, type, purpose, actor, recorded_at, details ->> 'method' AS method,
            details ->> 'witness' AS witness, details ->> 'reason' AS reason
        FROM {acts("disposal_requested", "disposal_authorised", "disposal_withdrawn", "disposed")}
        WHERE details ? 'disposal_id' OFFSET 0) AS each GROUP BY id""",
    {
        name: f"told.{name}"
        for name in (
            "item_id", "method", "purpose", "state", "requested_by", "requested_at", "authorised_by", "authorised_at",
            "executed_by", "executed_at", "witness", "withdrawn_by", "withdrawn_at", "withdraw_reason",
        )
    },
)  # fmt: skip
#: Nothing more is written to an item that has left the laboratory, and what a receipt found is told by the first event.
_DISCREPANCIES = compare(
    "discrepancy",
    "(SELECT row.*, item.ending, row.id LIKE 'receipt:%' AS of_receipt, item.exhibit_id FROM chain_of_custody.discrepancies "
    "AS row JOIN chain_of_custody.items AS item ON item.id = row.item_id)",
    f"""SELECT id, max(item_id) AS item_id, max(code) AS code, {_one("purpose", "discrepancy_opened")} AS detail,
        {_one("recorded_at", "discrepancy_opened", "received")} AS opened_at,
        {_one("occurred_at", "discrepancy_resolved")} AS resolved_at, bool_or(type = 'discrepancy_opened') AS opened
    FROM (SELECT CASE type WHEN 'received' THEN 'receipt:' || (details ->> 'exhibit_id')
                ELSE details ->> 'discrepancy_id' END AS id,
            coalesce(details ->> 'found_on', act.item_id) AS item_id, details ->> 'code' AS code, type, purpose, recorded_at,
            occurred_at
        FROM {acts("discrepancy_opened", "discrepancy_resolved", "received")}
        WHERE details ? 'discrepancy_id' OR details ->> 'blocked' = 'true' OFFSET 0) AS each GROUP BY id""",
    {
        "item_id": "told.item_id",
        "code": "coalesce(told.code, seen.code)",
        "detail": "CASE WHEN seen.of_receipt THEN 'open since the receipt' ELSE coalesce(told.detail, seen.detail) END",
        "opened_at": "CASE WHEN seen.of_receipt OR told.opened THEN told.opened_at ELSE seen.opened_at END",
        "resolved_at": "CASE WHEN seen.ending IS NULL THEN told.resolved_at "
        "ELSE coalesce(told.resolved_at, seen.resolved_at) END",
    },
    may_be_untold="seen.ending IS NOT NULL",
    # A receipt's discrepancy that was resolved before discrepancies had rows.
    may_lack="NOT told.opened AND told.resolved_at IS NOT NULL",
)
_CORRECTIONS = compare(
    "correction",
    "(SELECT *, event_id AS id FROM chain_of_custody.corrections)",
    f"""SELECT act.id, act.item_id, details #>> '{{corrects,event_id}}' AS corrects FROM {acts("corrected")}""",
    {"item_id": "told.item_id", "corrects": "told.corrects"},
)

CHECKS = (_HANDOVERS, _OFFERED, _HOLDS, _HELD, _DISPOSALS, _DISCREPANCIES, _CORRECTIONS)
