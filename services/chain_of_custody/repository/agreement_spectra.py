"""The self-check's comparisons of spectra and of the versions that took the place of damaged ones.

What the classifier read of a file (`format`, `summary`, the remark of a verified spectrum) is no act and stands in no event.
"""

from services.chain_of_custody.repository.compare_rows import acts, compare

_STORED = (
    "declared_sha256", "size", "filename", "technique", "instrument", "method", "run_role",
)  # fmt: skip
_SPECTRA = compare(
    "spectrum",
    "(SELECT *, size::text AS size_told FROM chain_of_custody.spectra)",
    f"""SELECT stored.*, judged.sha256, judged.type AS verdict, judged.purpose AS why, judged.id IS NOT NULL AS is_judged
    FROM (SELECT details ->> 'spectrum_id' AS id, act.item_id, actor, recorded_at,
            {", ".join(f"details ->> '{name}' AS {name}" for name in _STORED)},
            details #>> '{{object,key}}' AS object_key, details #>> '{{object,version_id}}' AS version_id,
            (details ->> 'acquired_at')::timestamptz AS acquired_at, (details ->> 'retain_until')::timestamptz AS retain_until
        FROM {acts("spectrum_stored")} OFFSET 0) AS stored
    LEFT JOIN (SELECT DISTINCT ON (id) * FROM (
        SELECT details ->> 'spectrum_id' AS id, seq, type, purpose, details ->> 'sha256' AS sha256
        FROM {acts("spectrum_verified", "spectrum_quarantined")} OFFSET 0) AS each ORDER BY id, seq DESC) AS judged
    ON judged.id = stored.id""",
    {
        **{name: f"told.{name}" for name in _STORED if name != "size"},
        "size_told": "told.size",
        **{name: f"told.{name}" for name in ("item_id", "object_key", "version_id", "sha256")},
        "acquired_at": "coalesce(told.acquired_at, seen.acquired_at)",
        "retain_until": "coalesce(told.retain_until, seen.retain_until)",
        "uploaded_by": "told.actor",
        "uploaded_at": "told.recorded_at",
        # Verified is said when the bytes were hashed; the state follows when the file was read or was waited for.
        "state": "CASE WHEN told.verdict = 'spectrum_quarantined' THEN 'quarantined' WHEN NOT told.is_judged THEN 'verifying' "
        "WHEN seen.state IN ('verifying', 'verified') THEN seen.state ELSE 'verified' END",
        "reason": "CASE WHEN told.verdict = 'spectrum_quarantined' THEN told.why WHEN told.is_judged THEN seen.reason END",
    },
)
_REPAIRS = compare(
    "repair",
    "(SELECT spectrum_id || ', version ' || version_id AS id, replaces FROM chain_of_custody.object_copies "
    "WHERE replaces IS NOT NULL)",
    f"""SELECT (details ->> 'spectrum_id') || ', version ' || (details #>> '{{object,version_id}}') AS id,
        max(details ->> 'replaces') AS replaces
    FROM {acts("object_repaired")} GROUP BY 1""",
    {"replaces": "told.replaces"},
)

CHECKS = (_SPECTRA, _REPAIRS)
