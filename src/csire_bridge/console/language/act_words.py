"""Each act as people say it."""

from __future__ import annotations

from collections.abc import Mapping

from csire_bridge.domain.people.acts import Act

__all__ = ["GROUPS", "WORDS"]


def N_(text: str) -> str:  # noqa: N802 - the name by which the catalogs' tools find texts
    """The text, to be translated where it is shown."""
    return text


GROUPS: Mapping[str, str] = {
    "order.": N_("everything about orders"),
    "message.": N_("everything about messages"),
    "hold.": N_("everything about holds"),
    "complaint.": N_("everything about complaints"),
    "stop.": N_("everything about the stop switch"),
    "allowance.": N_("everything about the cap"),
    "danger.": N_("everything about danger"),
    "point.": N_("everything about points"),
    "protection.": N_("everything about protection"),
    "rules.": N_("everything about rules"),
    "partner.": N_("everything about partners"),
    "user.": N_("everything about accounts"),
    "token.": N_("everything about tokens"),
    "login.": N_("everything about signing in"),
    "audit.": N_("everything about the audit"),
}
"""Groups of acts, by what their codes begin with."""

WORDS: Mapping[Act, str] = {
    Act.ORDER_RETRY: N_("order put back into the queue"),
    Act.ORDER_FIELD_WORK: N_("order given to field work"),
    Act.ORDER_REPORT_DONE: N_("order reported as done"),
    Act.ORDER_REPORT_NOT_DONE: N_("order reported as not done"),
    Act.ORDER_WITHDRAW: N_("order withdrawn"),
    Act.ORDER_SETTLE: N_("contested order settled"),
    Act.ORDER_READ: N_("order read"),
    Act.WORK_RELEASE: N_("parked work released"),
    Act.ANSWER_RESEND: N_("answer sent again"),
    Act.MESSAGE_READ: N_("message read"),
    Act.MESSAGE_JUDGE_AGAIN: N_("message judged again"),
    Act.MESSAGE_REPLAY: N_("messages replayed"),
    Act.EVIDENCE_EXPORT: N_("evidence exported"),
    Act.LIST_EXPORT: N_("list exported"),
    Act.HOLD_SET: N_("hold set"),
    Act.HOLD_RELEASE: N_("hold released"),
    Act.COMPLAINT_LODGE: N_("complaint lodged"),
    Act.COMPLAINT_DECIDE: N_("complaint decided"),
    Act.COMPLAINT_DISPUTE: N_("complaint disputed"),
    Act.STOP_THROW: N_("stop switch thrown"),
    Act.STOP_LIFT: N_("stop switch lifted"),
    Act.ALLOWANCE_ASK: N_("more than the cap asked for"),
    Act.ALLOWANCE_APPROVE: N_("more than the cap approved"),
    Act.DANGER_CUT: N_("supply cut because of danger"),
    Act.DANGER_LIFT: N_("danger lifted"),
    Act.MOVEMENT_EXPLAIN: N_("movement explained"),
    Act.POINT_READ: N_("point read"),
    Act.POINT_METER: N_("meter of a point set"),
    Act.POINTS_IMPORT: N_("points imported"),
    Act.PROTECTION_SET: N_("protection set"),
    Act.PROTECTION_END: N_("protection ended"),
    Act.PROTECTION_READ: N_("reason of a protection read"),
    Act.RULES_ACTIVATE: N_("rules put in force"),
    Act.PARTNER_CHANGE: N_("partner changed"),
    Act.PARTNER_CERTIFICATE: N_("partner's certificate changed"),
    Act.ALERT_ACKNOWLEDGE: N_("alert acknowledged"),
    Act.SHIFT_NOTE: N_("note for the next shift"),
    Act.ORDER_NOTE: N_("note on an order"),
    Act.ORDER_CARE: N_("who takes care of an order"),
    Act.JOB_PLAN: N_("job planned"),
    Act.JOB_START: N_("job started"),
    Act.JOB_CANCEL: N_("job cancelled"),
    Act.JOB_APPROVE: N_("job approved"),
    Act.JOB_DECLINE: N_("job declined"),
    Act.JOB_END: N_("job ended"),
    Act.ACT_REFUSED: N_("act refused"),
    Act.DATABASE_RESTORE: N_("database restored"),
    Act.DATABASE_MOVE: N_("database moved"),
    Act.RETENTION_RUN: N_("retention run"),
    Act.SETTINGS_RELOAD: N_("settings read anew"),
    Act.USER_ADD: N_("account added"),
    Act.USER_ROLE: N_("role changed"),
    Act.USER_LOCK: N_("account locked"),
    Act.USER_UNLOCK: N_("account unlocked"),
    Act.USER_RESET: N_("password reset"),
    Act.TOKEN_CREATE: N_("token made"),
    Act.TOKEN_REVOKE: N_("token revoked"),
    Act.SESSION_REVOKE: N_("session ended by an administrator"),
    Act.AUDIT_READ: N_("audit read"),
    Act.AUDIT_EXPORT: N_("audit exported"),
    Act.AUDIT_PRUNE: N_("old days of the audit taken out"),
    Act.LOGIN: N_("signed in"),
    Act.LOGIN_FAILED: N_("sign-in refused"),
    Act.LOGOUT: N_("signed out"),
    Act.PASSWORD_CHANGE: N_("own password changed"),
    Act.OWN_SESSION_END: N_("own session ended"),
    Act.POINT_ASK: N_("meter asked"),
    Act.RULES_DRAFT: N_("rules drafted"),
    Act.VIEW_SAVE: N_("view saved"),
    Act.VIEW_SHARE: N_("view shared"),
    Act.VIEW_REMOVE: N_("view removed"),
}
