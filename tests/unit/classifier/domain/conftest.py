from functools import cache

import pytest

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.model import Model
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.training.train import train


@cache
def trained(name: str) -> tuple[Model, tuple[Authentic, ...]]:
    """A model of a bundled programme on its synthetic library, made once for all tests."""
    programme = load_bundled(name)
    library = synthetic_library(programme, seed=11, per_class=20)
    return train(programme, library, seed=3), library


@pytest.fixture(params=["HSP", "CSP", "MPP"])
def demo(request: pytest.FixtureRequest) -> tuple[Model, tuple[Authentic, ...]]:
    return trained(request.param)


@pytest.fixture
def heroin() -> tuple[Model, tuple[Authentic, ...]]:
    return trained("HSP")


@pytest.fixture
def cocaine() -> tuple[Model, tuple[Authentic, ...]]:
    return trained("CSP")
