"""What every page sends along so that a browser runs nothing but our own, and what it may send to us."""

from flask import Flask, Response, request, session

from gateway.accounts.tokens import PREFIX

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": the check of forms wants the Referer of our own pages over HTTPS.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_LARGEST_OF_STRANGERS = 64 * 1024
_LARGEST = 64 * 1024 * 1024
_LARGEST_FORM = 8 * 1024 * 1024


def configure(app: Flask, *, secret: str, secure: bool) -> None:
    """Cookies, limits and headers; before anything reads a form. `secure` where people reach us by HTTPS."""
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-siglab" if secure else "siglab",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=_LARGEST,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    app.before_request(_limit_strangers)

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        if secure or request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response


def _limit_strangers() -> None:
    if not str(session.get("token", "")).startswith(PREFIX):
        request.max_content_length = _LARGEST_OF_STRANGERS
