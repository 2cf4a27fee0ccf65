"""The table of addresses: who answers, and which tricks lead nowhere."""

import pytest

from gateway.api.routing import GATEWAY, is_open, is_stream, service_for


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("offices", "intake"),
        ("submissions/template.xlsx", "intake"),
        ("exhibits/abc/label.pdf", "intake"),
        ("discrepancies/abc/resolve", "intake"),
        ("items", "chain_of_custody"),
        ("items/abc/events", "chain_of_custody"),
        ("items/abc/profile", "classifier"),
        ("items/abc/links", "classifier"),
        ("items/profile", "chain_of_custody"),
        ("items/abc/links/one/more", "chain_of_custody"),
        ("handovers/abc/accept", "chain_of_custody"),
        ("disposals/abc/execute", "chain_of_custody"),
        ("holds/abc/release", "chain_of_custody"),
        ("ledger/tile/entries/x001/067.p/5", "chain_of_custody"),
        ("spectra/abc", "chain_of_custody"),
        ("spectra/abc/content", "chain_of_custody"),
        ("spectra/abc/trace", "classifier"),
        ("spectra/abc/peaks", "classifier"),
        ("items/abc/links/def", "classifier"),
        ("programmes", "classifier"),
        ("jobs/abc/stream", "classifier"),
        ("results/abc/report.pdf", "classifier"),
        ("library/abc/accept", "classifier"),
        ("models/abc/activate", "classifier"),
        ("statistics/origins", "classifier"),
        ("session", GATEWAY),
        ("health", GATEWAY),
        ("openapi.json", GATEWAY),
        ("metrics", GATEWAY),
        ("uploads/abc", GATEWAY),
    ],
)
def test_every_address_has_one_owner(path: str, service: str) -> None:
    assert service_for(f"/api/v1/{path}") == service


@pytest.mark.parametrize(
    "path",
    [
        "/internal/items",
        "/api/v1/internal/items",
        "/api/v1/items/../internal/items",
        "/api/v1/items/..",
        "/api/v1/../../internal/items",
        "/api/v1/./items",
        "/api/v1//items",
        "/api/v1/items//x",
        "/api/v1/items/",
        "/api/v1/",
        "/api/v1",
        "/api/v2/items",
        "//api/v1/items",
        "/api/v1/items\\..\\internal",
        "/api/v1/items/\x00",
        "/api/v1/items/a\nb",
        "/api/v1/ITEMS",
        "/api/v1/items;x=1",
        "/api/v1/health.json",
        "/API/v1/items",
        "/api/v1/no-such-thing",
    ],
)
def test_other_addresses_lead_nowhere(path: str) -> None:
    assert service_for(path) is None


@pytest.mark.parametrize(
    "raw", ["/api/v1/items/a%2Fb", "/api/v1/items/%2f..%2finternal", "/api/v1/items/..%5cinternal"]
)
def test_separators_hidden_by_encoding_lead_nowhere(raw: str) -> None:
    assert service_for("/api/v1/items/ab", raw) is None
    assert service_for("/api/v1/items/ab", "/api/v1/items/ab?q=a%2Fb") == "chain_of_custody"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "health"),
        ("HEAD", "health"),
        ("GET", "openapi.json"),
        ("POST", "session"),
        ("GET", "ledger/checkpoint"),
        ("GET", "ledger/key"),
        ("GET", "ledger/tile/0/x001/067"),
        ("GET", "ledger/releases/01a2/proof"),
        ("OPTIONS", "uploads"),
    ],
)
def test_a_stranger_may_ask(method: str, path: str) -> None:
    assert is_open(method, f"/api/v1/{path}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "health"),
        ("GET", "session"),
        ("DELETE", "session"),
        ("POST", "ledger/checkpoint"),
        ("GET", "ledger/events/0/proof"),
        ("GET", "ledger/releases/01a2/more/proof"),
        ("POST", "ledger/releases/01a2/proof"),
        ("GET", "ledger/verification"),
        ("GET", "ledger/checkpoint/more"),
        ("GET", "offices"),
        ("POST", "uploads"),
    ],
)
def test_a_stranger_may_not_ask(method: str, path: str) -> None:
    assert not is_open(method, f"/api/v1/{path}")


def test_what_comes_in_parts() -> None:
    assert [
        p for p in ("jobs/a/stream", "spectra/a/content", "items/a/bundle.zip") if is_stream(f"/api/v1/{p}")
    ] != []
    assert not is_stream("/api/v1/jobs/a")
