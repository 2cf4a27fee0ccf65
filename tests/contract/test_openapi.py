"""The OpenAPI document is true: no operation answers what the document does not know, and none breaks, whatever is sent."""

import json
import urllib.request
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from tests.system import RunningSystem

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

#: Roles that between them may ask for most of what there is.
ROLES = ("technician", "custodian", "auditor", "bogota")
_EXAMPLES = 3


@pytest.fixture(scope="session")
def document(demo: RunningSystem) -> Any:
    """The document as it is served."""
    with urllib.request.urlopen(f"{demo.base_url}/api/v1/openapi.json", timeout=30) as answer:
        return json.load(answer)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("login", ROLES)
def test_no_operation_breaks(demo: RunningSystem, document: Any, login: str) -> None:
    token = json.loads(demo.credentials.read_text())["users"][login]["token"]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=demo.base_url, headers={"Authorization": f"Bearer {token}"})
    broken: list[str] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        # A stream ends with its job, and a sign-out would end the token that the other operations need.
        if operation.path.endswith("/stream") or operation.path.endswith("/session"):
            continue
        broken += _tried(operation)
    assert broken == []


def _tried(operation: Any) -> list[str]:
    said: list[str] = []

    @settings(max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        answer = case.call()
        try:
            case.validate_response(
                answer, checks=[not_a_server_error, status_code_conformance, content_type_conformance]
            )
        except AssertionError as error:
            said.append(f"{operation.label}: {' '.join(str(error).split())[:300]}")

    attempt()
    return said
