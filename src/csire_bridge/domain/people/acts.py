"""Every act that changes something or reads personal data, and the permission that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from csire_bridge.domain.people.roles import Permission

__all__ = ["PERMISSION_OF", "Act"]


class Act(StrEnum):
    """An act, as the audit names it: what it is about, a dot, what is done."""

    ORDER_RETRY = "order.retry"
    ORDER_FIELD_WORK = "order.field-work"
    ORDER_REPORT_DONE = "order.report-done"
    ORDER_REPORT_NOT_DONE = "order.report-not-done"
    ORDER_WITHDRAW = "order.withdraw"
    ORDER_SETTLE = "order.settle"
    ORDER_NOTE = "order.note"
    ORDER_CARE = "order.care"
    ORDER_READ = "order.read"
    WORK_RELEASE = "work.release"
    ANSWER_RESEND = "answer.resend"
    MESSAGE_READ = "message.read"
    MESSAGE_JUDGE_AGAIN = "message.judge-again"
    MESSAGE_REPLAY = "message.replay"
    EVIDENCE_EXPORT = "evidence.export"
    LIST_EXPORT = "list.export"
    HOLD_SET = "hold.set"
    HOLD_RELEASE = "hold.release"
    COMPLAINT_LODGE = "complaint.lodge"
    COMPLAINT_DECIDE = "complaint.decide"
    COMPLAINT_DISPUTE = "complaint.dispute"
    STOP_THROW = "stop.throw"
    STOP_LIFT = "stop.lift"
    ALLOWANCE_ASK = "allowance.ask"
    ALLOWANCE_APPROVE = "allowance.approve"
    DANGER_CUT = "danger.cut"
    DANGER_LIFT = "danger.lift"
    MOVEMENT_EXPLAIN = "movement.explain"
    POINT_READ = "point.read"
    POINT_ASK = "point.ask"
    POINT_METER = "point.meter"
    POINTS_IMPORT = "points.import"
    PROTECTION_SET = "protection.set"
    PROTECTION_END = "protection.end"
    PROTECTION_READ = "protection.read"
    RULES_ACTIVATE = "rules.activate"
    RULES_DRAFT = "rules.draft"
    PARTNER_CHANGE = "partner.change"
    PARTNER_CERTIFICATE = "partner.certificate"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    SHIFT_NOTE = "shift.note"
    DATABASE_RESTORE = "database.restore"
    DATABASE_MOVE = "database.move"
    RETENTION_RUN = "retention.run"
    SETTINGS_RELOAD = "settings.reload"
    USER_ADD = "user.add"
    USER_ROLE = "user.role"
    USER_LOCK = "user.lock"
    USER_UNLOCK = "user.unlock"
    USER_RESET = "user.reset"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an act
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the name of an act
    SESSION_REVOKE = "session.revoke"
    JOB_PLAN = "job.plan"
    JOB_START = "job.start"
    JOB_CANCEL = "job.cancel"
    JOB_APPROVE = "job.approve"
    JOB_DECLINE = "job.decline"
    JOB_END = "job.end"
    VIEW_SAVE = "view.save"
    VIEW_SHARE = "view.share"
    VIEW_REMOVE = "view.remove"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    AUDIT_PRUNE = "audit.prune"
    # Somebody tried an act and was refused; the subject names both.
    ACT_REFUSED = "act.refused"
    # The acts of a login: nobody needs a permission for them.
    LOGIN = "login.done"
    LOGIN_FAILED = "login.failed"
    LOGOUT = "login.ended"
    OWN_SESSION_END = "login.session-ended"
    PASSWORD_CHANGE = "login.password-changed"  # noqa: S105 - the name of an act


PERMISSION_OF: Mapping[Act, Permission | None] = {
    Act.ORDER_RETRY: Permission.ORDERS,
    Act.ORDER_FIELD_WORK: Permission.ORDERS,
    Act.ORDER_REPORT_DONE: Permission.ORDERS,
    Act.ORDER_REPORT_NOT_DONE: Permission.ORDERS,
    Act.ORDER_WITHDRAW: Permission.ORDERS,
    Act.ORDER_SETTLE: Permission.ORDERS,
    Act.ORDER_NOTE: Permission.ORDERS,
    Act.ORDER_CARE: Permission.ORDERS,
    Act.ORDER_READ: Permission.READ_PERSONAL,
    Act.WORK_RELEASE: Permission.ORDERS,
    Act.ANSWER_RESEND: Permission.ORDERS,
    Act.MESSAGE_READ: Permission.READ_PERSONAL,
    Act.MESSAGE_JUDGE_AGAIN: Permission.ORDERS,
    Act.MESSAGE_REPLAY: Permission.REPLAY,
    Act.EVIDENCE_EXPORT: Permission.READ_PERSONAL,
    Act.LIST_EXPORT: Permission.READ_PERSONAL,
    Act.HOLD_SET: Permission.GUARDS,
    Act.HOLD_RELEASE: Permission.RELEASE,
    Act.COMPLAINT_LODGE: Permission.GUARDS,
    Act.COMPLAINT_DECIDE: Permission.GUARDS,
    Act.COMPLAINT_DISPUTE: Permission.GUARDS,
    Act.STOP_THROW: Permission.GUARDS,
    Act.STOP_LIFT: Permission.RELEASE,
    Act.ALLOWANCE_ASK: Permission.GUARDS,
    Act.ALLOWANCE_APPROVE: Permission.RELEASE,
    Act.DANGER_CUT: Permission.GUARDS,
    Act.DANGER_LIFT: Permission.GUARDS,
    Act.MOVEMENT_EXPLAIN: Permission.POINTS,
    Act.POINT_READ: Permission.READ_PERSONAL,
    Act.POINT_ASK: Permission.POINTS,
    Act.POINT_METER: Permission.POINTS,
    Act.POINTS_IMPORT: Permission.POINTS,
    Act.PROTECTION_SET: Permission.POINTS,
    Act.PROTECTION_END: Permission.POINTS,
    Act.PROTECTION_READ: Permission.READ_PERSONAL,
    Act.RULES_ACTIVATE: Permission.RULES,
    Act.RULES_DRAFT: Permission.RULES,
    Act.PARTNER_CHANGE: Permission.PARTNERS,
    Act.PARTNER_CERTIFICATE: Permission.PARTNERS,
    Act.ALERT_ACKNOWLEDGE: Permission.ORDERS,
    Act.SHIFT_NOTE: Permission.ORDERS,
    Act.DATABASE_RESTORE: Permission.SYSTEM,
    Act.DATABASE_MOVE: Permission.SYSTEM,
    Act.RETENTION_RUN: Permission.SYSTEM,
    Act.SETTINGS_RELOAD: Permission.SYSTEM,
    Act.USER_ADD: Permission.PEOPLE,
    Act.USER_ROLE: Permission.PEOPLE,
    Act.USER_LOCK: Permission.PEOPLE,
    Act.USER_UNLOCK: Permission.PEOPLE,
    Act.USER_RESET: Permission.PEOPLE,
    Act.TOKEN_CREATE: Permission.PEOPLE,
    Act.TOKEN_REVOKE: Permission.PEOPLE,
    Act.SESSION_REVOKE: Permission.PEOPLE,
    # Whoever may read may plan a job and ask for it; whether he may do it stands with its kind.
    Act.JOB_PLAN: Permission.READ,
    Act.JOB_START: Permission.READ,
    Act.JOB_CANCEL: Permission.READ,
    Act.JOB_APPROVE: Permission.READ,
    Act.JOB_DECLINE: Permission.READ,
    Act.JOB_END: None,
    Act.VIEW_SAVE: None,
    Act.VIEW_SHARE: Permission.ORDERS,
    Act.VIEW_REMOVE: None,
    Act.AUDIT_READ: Permission.AUDIT,
    Act.AUDIT_EXPORT: Permission.AUDIT,
    Act.AUDIT_PRUNE: Permission.SYSTEM,
    Act.ACT_REFUSED: None,
    Act.LOGIN: None,
    Act.LOGIN_FAILED: None,
    Act.LOGOUT: None,
    Act.OWN_SESSION_END: None,
    Act.PASSWORD_CHANGE: None,
}
"""What each act needs; None where it needs nothing but the login itself. The one place where this stands."""
