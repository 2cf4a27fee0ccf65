"""`gunicorn services.intake.wsgi:application`: the same application over HTTP, for development and health."""

from flask import Flask

from services.intake.app import create_app
from shared.config import load_settings


def __getattr__(name: str) -> Flask:
    """Makes `application` when gunicorn asks for it, so that importing the module opens nothing."""
    if name == "application":
        return create_app(load_settings())
    raise AttributeError(name)
