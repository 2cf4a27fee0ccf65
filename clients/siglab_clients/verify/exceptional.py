"""Acts that hold and yet are not as they should be: a reader who is told that all holds must be told of these too."""

from siglab_clients.verify.events import History

#: Custody from somebody whose account was closed.
TAKEN_OVER = "taken_over"


def exceptional_notes(own: History) -> tuple[str, ...]:
    """One sentence for each proved act by which custody went on without the signature of who had the item, and for each weighing
    on a balance that was out of calibration.
    """
    notes = []
    for proved, _ in own.proved:
        event = proved.event
        details = event.get("details")
        if isinstance(details, dict) and details.get("out_of_calibration") is True:
            notes.append(
                f"act {event.get('sequence')}: weighed on {details.get('balance')}, which was out of calibration"
            )
        if event.get("type") != TAKEN_OVER or not isinstance(details, dict):
            continue
        names = {name: details.get(name) for name in ("from", "to", "witness", "giver_did_not_sign")}
        notes.append(
            f"act {event.get('sequence')}: {names['to']} took the item over from {names['from']}, who did not sign "
            f"({names['giver_did_not_sign']}); the witness is {names['witness']}"
        )
    return tuple(notes)
