"""Quality before any class: what the laboratory noted with a measurement, judged by the programme's rules."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.classifier.domain.programme import CONTROL_Z, WESTGARD, Programme, QcRule

# The value of these rules must reach the limit; that of all others must not exceed it.
_LEAST = ("internal_standard_area",)
_WORDS = {"pass": True, "passed": True, "ok": True, "fail": False, "failed": False}


@dataclass(frozen=True, slots=True)
class QcFinding:
    """One rule and what became of it; `passed` is None where nothing was noted, which does not fail."""

    rule: str
    passed: bool | None
    detail: str
    module: str | None = None


def check_qc(
    programme: Programme, noted: Mapping[str, object], details: Mapping[str, str] | None = None
) -> tuple[QcFinding, ...]:
    """Judge what was noted (rule -> number, true/false, "pass" or "fail") by the programme's rules; other failures count too.

    `details` say in words where a noted value comes from. A programme that has its controls judged, and does not say how many
    analytes may break a rule of their charts, allows none.
    """
    told = details or {}
    rules = list(programme.qc)
    known = {rule.rule for rule in rules}
    if CONTROL_Z in known and WESTGARD not in known and WESTGARD in noted:
        rules.append(QcRule(WESTGARD, 0.0))
        known.add(WESTGARD)
    findings = [_explained(_by_rule(rule, noted.get(rule.rule)), told.get(rule.rule)) for rule in rules]
    for name, value in noted.items():
        word = _word(value)
        if name not in known and word is not None:
            said = QcFinding(name, word, "noted as passed" if word else "noted as failed")
            findings.append(_explained(said, told.get(name)))
    return tuple(findings)


def _explained(finding: QcFinding, detail: str | None) -> QcFinding:
    return finding if detail is None else replace(finding, detail=f"{finding.detail}: {detail}")


def failed(findings: Sequence[QcFinding]) -> tuple[QcFinding, ...]:
    """Those that did not pass."""
    return tuple(finding for finding in findings if finding.passed is False)


def _word(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def _by_rule(rule: QcRule, value: object) -> QcFinding:
    word = _word(value)
    if word is not None:
        return QcFinding(rule.rule, word, "noted as passed" if word else "noted as failed", rule.module)
    if value is None:
        return QcFinding(rule.rule, None, "nothing was noted", rule.module)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return QcFinding(rule.rule, False, "what was noted is neither a number nor pass or fail", rule.module)
    if rule.rule in _LEAST:
        return QcFinding(rule.rule, value >= rule.limit, f"{value:g}, at least {rule.limit:g}", rule.module)
    return QcFinding(rule.rule, abs(value) <= rule.limit, f"{value:g}, at most {rule.limit:g}", rule.module)
