"""`python -m gateway.accounts`: the operator's accounts, for the first administrator and for instruments.

put LOGIN --name NAME --role ROLE [--office CODE]   makes or changes an account; the password comes from standard input
token LOGIN --days N                                prints a new token for it
close LOGIN                                         closes it and ends its sessions
list                                                all accounts
"""

import argparse
import getpass
import json
import sys

from gateway.accounts.service import SYSTEM, Accounts
from shared.config import load_settings
from shared.errors import DomainError
from shared.runtime import Runtime


def main(arguments: list[str] | None = None) -> int:
    """The command; exit 0, or 1 with a sentence."""
    options = _parser().parse_args(arguments)
    accounts = Accounts(Runtime("gateway", load_settings()))
    try:
        told = _run(accounts, options)
    except DomainError as error:
        print(f"accounts: {error.detail}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(told))
    else:
        for row in told if isinstance(told, list) else [told]:
            print("  ".join(str(value) for value in row.values()))
    return 0


def _run(accounts: Accounts, options: argparse.Namespace) -> dict[str, object] | list[dict[str, object]]:
    if options.command == "put":
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        accounts.put_account(
            SYSTEM,
            options.login,
            name=options.name,
            role=options.role,
            office=options.office,
            password=password or None,
        )
        return {"login": options.login, "state": "active"}
    if options.command == "token":
        return {
            "login": options.login,
            "token": accounts.issue_token(SYSTEM, options.login, days=options.days),
        }
    if options.command == "close":
        accounts.close_account(SYSTEM, options.login)
        return {"login": options.login, "state": "closed"}
    return list(accounts.list_accounts(SYSTEM))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway.accounts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="machine output")
    commands = parser.add_subparsers(dest="command", required=True)
    put = commands.add_parser("put")
    put.add_argument("login")
    put.add_argument("--name", required=True)
    put.add_argument("--role", required=True)
    put.add_argument("--office")
    token = commands.add_parser("token")
    token.add_argument("login")
    token.add_argument("--days", type=float, default=365)
    commands.add_parser("close").add_argument("login")
    commands.add_parser("list")
    return parser


if __name__ == "__main__":
    sys.exit(main())
