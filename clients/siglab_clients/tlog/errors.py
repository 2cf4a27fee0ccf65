"""What can be wrong with evidence; every message is a sentence for the person who checks it."""


class EvidenceError(ValueError):
    """Something that was to be proved does not hold, or cannot be read."""


class EncodingError(EvidenceError):
    """Bytes are not in the one form that is accepted (base64, canonical JSON)."""


class ProofError(EvidenceError):
    """An inclusion or consistency proof does not lead where it should."""


class NoteError(EvidenceError):
    """A signed note, a checkpoint or a verifier key is malformed, or its signature does not hold."""
