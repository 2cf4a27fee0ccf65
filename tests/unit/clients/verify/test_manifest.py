"""Manifests that are signed, but not in the one form that is taken (E21)."""

from shared.crypto import ledger
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import KEY, ORIGIN, TRUSTED, good_files


def test_a_manifest_is_taken_in_one_form_only() -> None:
    files = good_files()
    text = files["manifest"].decode().split("\n\n")[0] + "\n"
    head, item_id, *rows = text.splitlines()
    texts = {
        "other form": f"siglab-bundle/v2\n{item_id}\n" + "\n".join(rows) + "\n",
        "rows turned": "\n".join([head, item_id, *rows[::-1]]) + "\n",
        "row doubled": "\n".join([head, item_id, rows[0], *rows]) + "\n",
        "row malformed": "\n".join([head, item_id, *rows, "x"]) + "\n",
        "row of itself": "\n".join([head, item_id, *rows, rows[0].replace("README.txt", "manifest")]) + "\n",
        "row that leads elsewhere": "\n".join(
            [head, item_id, rows[0].replace("README", "../READ"), *rows[1:]]
        )
        + "\n",
        "no item": "\n".join([head, "", *rows]) + "\n",
        "other item": "\n".join([head, "0190ffff", *rows]) + "\n",
    }
    for name, changed in texts.items():
        note = ledger.sign_note(changed, ORIGIN, KEY).encode()
        assert not check_bundle(pack({**files, "manifest": note}), TRUSTED).ok, name
