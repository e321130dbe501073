"""What people do with saved views of lists: save one, share it, remove it."""

from __future__ import annotations

from dataclasses import replace

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note, require
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.people.saved_views import SavedView
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["MOST_VIEWS", "remove_view", "save_view"]

MOST_VIEWS = 50
"""So many may one person have."""
_LONGEST_NAME = 60


def save_view(tx: UnitOfWork, view: SavedView, act: OperatorAction) -> SavedView:
    """Keep a view for whoever acts; one that is shared needs the right to act on orders. Raises ActionRefused."""
    require(act.who, Act.VIEW_SHARE if view.shared_with else Act.VIEW_SAVE)
    name = " ".join(view.name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ActionRefused(f"a view needs a name of 1 to {_LONGEST_NAME} characters", "give it one")
    own = [one for one in tx.views.all_for(act.by, None) if one.owner == act.by]
    if any(one.name == name for one in own):
        raise ActionRefused(f"you have a view {name} already", "give it another name, or remove the other one")
    if len(own) >= MOST_VIEWS:
        raise ActionRefused(f"you have {len(own)} views, which is the most", "remove one that you do not need")
    made = replace(view, name=name, owner=act.by, created_at=act.at)
    made = replace(made, key=tx.views.add(made))
    what = Act.VIEW_SHARE if view.shared_with else Act.VIEW_SAVE
    note(tx, act.who, what, f"view {name}", act.at, act.why, after=made)
    return made


def remove_view(tx: UnitOfWork, key: int, act: OperatorAction) -> SavedView:
    """End a view: one's own, or as an administrator a shared one. Raises ActionRefused, NotAllowed."""
    view = tx.views.get(key)
    if view is None or not (view.owner == act.by or view.shared_with):
        raise ActionRefused(f"there is no view {key}", "it may have been removed meanwhile")
    if view.owner != act.by:
        act.who.require(Permission.PEOPLE, f"removing the view {view.name} of {view.owner}")
    tx.views.remove(key, act.at)
    note(tx, act.who, Act.VIEW_REMOVE, f"view {view.name}", act.at, act.why, before=view)
    return view
