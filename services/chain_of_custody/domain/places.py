"""Places: what stands in what, how much they hold, and who may enter them."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.actor import Actor
from shared.errors import Conflict, Forbidden

#: From the largest to the smallest; a place stands in one of its own kind or of a larger one.
KINDS = ("site", "room", "safe", "shelf", "box")
#: So many of the items that fill a place are named.
_NAMED = 5


@dataclass(frozen=True)
class Access:
    """Who may enter one place; both None: everybody of the laboratory."""

    path: str
    roles: Sequence[str] | None
    logins: Sequence[str] | None
    closed: bool = False

    def allows(self, actor: Actor) -> bool:
        """Whether this place alone lets the actor in."""
        if self.roles is None and self.logins is None:
            return True
        return actor.role.value in (self.roles or ()) or actor.login in (self.logins or ())


def kind_below(parent: str | None) -> str:
    """The kind of a place that is added without one: the next smaller than the place around it."""
    if parent is None:
        return KINDS[0]
    return KINDS[min(KINDS.index(parent) + 1, len(KINDS) - 1)]


def fits_into(kind: str, parent: str | None) -> bool:
    """Whether a place of this kind may stand in one of kind `parent` (None: by itself)."""
    return parent is None or KINDS.index(kind) >= KINDS.index(parent)


def require_may_enter(actor: Actor, around: Sequence[Access]) -> None:
    """Passes where the actor may enter a place and all places around it; raises Forbidden `may_not_enter` naming the first
    that is closed to them, and for whom it is open."""
    for place in around:
        if not place.allows(actor):
            who = ", ".join([*(f"every {role}" for role in place.roles or ()), *(place.logins or ())])
            raise Forbidden(
                f"{place.path} is not open to {actor.login}; it is for: {who}.", code="may_not_enter"
            )


def require_open(around: Sequence[Access]) -> None:
    """Passes where a place and all places around it take items; raises Conflict `place_closed` naming the one that is closed."""
    for place in around:
        if place.closed:
            raise Conflict(f"{place.path} is closed: nothing more goes into it.", code="place_closed")


def require_empty(places: Sequence[tuple[str, int]]) -> None:
    """Passes where nothing lies in any of these (path, number of items); raises Conflict `not_empty` naming where."""
    full = [f"{path} ({inside})" for path, inside in places if inside]
    if full:
        named = ", ".join(full[:_NAMED]) + (f" and {len(full) - _NAMED} more" if len(full) > _NAMED else "")
        raise Conflict(
            f"Items lie in {named}, and their records name the place: take them out first.", code="not_empty"
        )


def require_room(path: str, capacity: int | None, inside: Sequence[str], more: int) -> None:
    """Passes where `more` items fit beside those `inside`, told by number; raises Conflict `place_full` naming what is there."""
    if capacity is None or len(inside) + more <= capacity:
        return
    named = ", ".join(inside[:_NAMED])
    if len(inside) > _NAMED:
        named += f" and {len(inside) - _NAMED} more"
    held = f"there are {len(inside)} in it: {named}" if inside else "it is empty"
    raise Conflict(f"{path} holds {capacity} at most and {held}; {more} more do not fit.", code="place_full")
