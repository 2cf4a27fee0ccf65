"""/api/v1/session: signing in, who one is, signing out."""

from gateway.api.dispatch import Api
from gateway.api.own import answer_json, refuse_method
from gateway.api.request import Environ, address_of, bearer_token, is_json, passed_headers, read_body
from shared.actor import Actor
from shared.bus.messages import BusResponse
from shared.errors import FieldError, Invalid, Unsupported
from shared.http.blueprint import strict_json
from shared.http.schemas import format_time

_LARGEST = 64 * 1024
_FIELDS = ("username", "password", "otp")


def session(api: Api, environ: Environ, actor: Actor) -> BusResponse:
    """POST signs in: {token, expires_at}; GET says who one is; DELETE ends the session of the token."""
    refusal = refuse_method(environ, "session", "POST", "GET", "HEAD", "DELETE")
    if refusal is not None:
        return refusal
    if environ["REQUEST_METHOD"] == "POST":
        return _sign_in(api, environ, actor)
    identity = api.accounts.identify(bearer_token(environ) or "")
    if environ["REQUEST_METHOD"] == "DELETE":
        api.accounts.sign_out(identity)
        return BusResponse(204, [], b"")
    person = identity.actor
    who = {"login": person.login, "name": person.name, "role": person.role.value, "office": person.office}
    return answer_json(200, {**who, "expires_at": format_time(identity.expires_at)})


def _sign_in(api: Api, environ: Environ, actor: Actor) -> BusResponse:
    raw = read_body(environ, most=_LARGEST)
    if raw and not is_json(passed_headers(environ)):
        raise Unsupported("Send the body as application/json.")
    username, password = _credentials(strict_json(raw) if raw else {})
    found = api.accounts.sign_in(
        username, password, address=address_of(environ), kind="session", request_id=actor.request_id
    )
    return answer_json(201, {"token": found.token, "expires_at": format_time(found.expires_at)})


def _credentials(body: object) -> tuple[str, str]:
    if not isinstance(body, dict):
        raise Invalid(
            "Send an object with username and password.",
            errors=[FieldError(pointer="", message="Not an object.")],
        )
    errors = [
        FieldError(pointer=f"/{name}", message="Missing, or not a text.")
        for name in ("username", "password")
        if not isinstance(body.get(name), str)
    ]
    if not isinstance(body.get("otp", ""), str):
        errors.append(FieldError(pointer="/otp", message="Not a text."))
    errors += [
        FieldError(pointer=f"/{name}", message="Unknown field.") for name in body if name not in _FIELDS
    ]
    if errors:
        raise Invalid("Send username and password.", errors=errors)
    return body["username"], body["password"]
