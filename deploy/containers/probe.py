"""`python -m deploy.containers.probe URL`: exit 0 if the address answers that it is well. The images carry no curl."""

import sys
import urllib.error
import urllib.request


def answers(url: str) -> str | None:
    """Asks; None when the answer is below 400, else what is wrong, for people."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=4):
            return None
    except (urllib.error.URLError, OSError) as error:
        return str(error)


if __name__ == "__main__":
    problem = answers(sys.argv[1])
    if problem:
        sys.exit(f"{sys.argv[1]}: {problem}")
