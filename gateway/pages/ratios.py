"""Likelihood ratios as pages write them."""


def ratio(value: float) -> str:
    """A likelihood ratio to three digits; below 1 as one over so much, so that both sides read alike."""
    return _three_digits(value) if value >= 1 else f"1/{_three_digits(1 / value)}"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.6g}" if value < 1e6 else f"{value:.1e}"
