"""What approvals say to people, by code, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # refusals
        "locked": (
            "The record is locked by the approval “{approval}”.",
            "记录已被审批“{approval}”锁定。",
        ),
        "locked_parent": (
            "It belongs to a record that is locked by the approval “{approval}”.",
            "所属记录已被审批“{approval}”锁定。",
        ),
        "locked_bin": (
            "The record waits for the approval “{approval}”; withdraw that first.",
            "记录正在等待审批“{approval}”，请先撤回。",
        ),
        "no_approval": ("No approval is for this record as it is now.", "该记录目前没有适用的审批。"),
        "unknown_approval": ("There is no approval '{name}' for this record.", "该记录没有名为“{name}”的审批。"),
        "open_already": ("This record waits for the approval “{approval}” already.", "该记录已在审批“{approval}”中。"),
        "not_yours_to_submit": ("You may not submit this record.", "您无权提交该记录。"),
        "choose_people": ("Choose who decides the step “{step}”.", "请选择步骤“{step}”的审批人。"),
        "not_a_user": ("There is no active user '{name}'.", "没有启用的用户“{name}”。"),
        "not_approver": ("You are not asked to decide this step.", "您不是当前步骤的审批人。"),
        "not_open": ("This step is no longer open.", "该步骤已结束。"),
        "decided": ("This approval is over: {state}.", "该审批已结束：{state}。"),
        "not_submitter": ("Only who submitted the record can do this.", "只有提交人可以执行此操作。"),
        "not_taking_part": ("Only who takes part in this approval can do this.", "只有参与该审批的人可以执行此操作。"),
        "unknown_step": ("There is no earlier step '{name}'.", "没有更早的步骤“{name}”。"),
        "to_self": ("Name somebody else.", "请指定其他人。"),
        "asked_already": ("{name} is asked already.", "{name} 已在审批人之中。"),
        "no_comment": ("Write a comment.", "请填写意见。"),
        "record_gone": ("The record is in the bin.", "记录已在回收站中。"),
        "link_dead": (
            "This link has been used, or the step has been decided.",
            "该链接已使用过，或该步骤已有结果。",
        ),
        "not_computable": ("“{what}” could not be evaluated: {reason}.", "“{what}”无法计算：{reason}。"),
        "nobody_found": ("No one was found for the step “{step}”.", "步骤“{step}”没有找到审批人。"),
        # notes of the trace
        "quorum_cut": (
            "{asked} must agree, {found} were found: all of them must.",
            "要求 {asked} 人，仅找到 {found} 人：须全部同意。",
        ),
        "part_empty": ("Nobody was found for {what}; the others decide.", "{what} 没有找到人，由其余人审批。"),
        "escalated_nobody": ("Nobody was found to escalate to.", "没有找到可上报的人。"),
        "act_failed": ("What the time's end sets off was refused: {reason}", "超时动作被拒绝：{reason}"),
        # what runs of an approval are called
        "run_mail": ("{approval}: mail", "{approval}：邮件"),
        "run_on_submit": ("{approval}: on submit", "{approval}：提交时"),
        "run_on_approve": ("{approval}: on approve", "{approval}：同意时"),
        "run_on_reject": ("{approval}: on reject", "{approval}：驳回时"),
        "run_on_recall": ("{approval}: on recall", "{approval}：撤回时"),
        "run_after_approval": ("{approval}: {step} after approval", "{approval}：{step}同意后"),
        "run_after_rejection": ("{approval}: {step} after rejection", "{approval}：{step}驳回后"),
        # notices
        "tell_asked": (
            "Please decide: “{approval}” of {title} ({step}).",
            "请审批：{title} 的“{approval}”（{step}）。",
        ),
        "tell_asked_for": (
            "Please decide in place of {name}: “{approval}” of {title} ({step}).",
            "请代 {name} 审批：{title} 的“{approval}”（{step}）。",
        ),
        "tell_copy": (
            "For your information: “{approval}” of {title} ({step}).",
            "抄送给您：{title} 的“{approval}”（{step}）。",
        ),
        "tell_remind": (
            "Reminder: “{approval}” of {title} ({step}) is due {due}.",
            "提醒：{title} 的“{approval}”（{step}）应于 {due} 前审批。",
        ),
        "tell_overdue": (
            "Overdue: “{approval}” of {title} ({step}).",
            "已超时：{title} 的“{approval}”（{step}）。",
        ),
        "tell_parked": (
            "“{approval}” of {title} waits: {reason} Correct the record's people and try again, or withdraw it.",
            "{title} 的“{approval}”已暂停：{reason}请更正相关人员后重试，或撤回。",
        ),
        "tell_approved": ("“{approval}” of {title} was approved.", "{title} 的“{approval}”已通过。"),
        "tell_rejected": ("“{approval}” of {title} was rejected. {comment}", "{title} 的“{approval}”被驳回。{comment}"),
        "tell_returned": (
            "“{approval}” of {title} was returned for change. {comment}",
            "{title} 的“{approval}”被退回修改。{comment}",
        ),
        # mails
        "mail_subject": ("Please decide: {approval} of {title}", "请审批：{title} 的{approval}"),
        "mail_text": (
            "{name} asks you to decide “{approval}” of {title} ({step}). This link opens a page to approve or reject; "
            "it works once and is for you alone.",
            "{name} 请您审批 {title} 的“{approval}”（{step}）。"
            "请通过以下链接同意或驳回；链接仅供您本人使用，且只能使用一次。",
        ),
        # states
        "state_open": ("waiting", "审批中"),
        "state_parked": ("parked", "已暂停"),
        "state_returned": ("returned for change", "退回修改"),
        "state_approved": ("approved", "已通过"),
        "state_rejected": ("rejected", "已驳回"),
        "state_recalled": ("withdrawn", "已撤回"),
    }
)


def say(code: str, language: str, **parts: object) -> str:
    """Give the message of a code in a language (Chinese for `zh…`, else English), its parts filled in."""
    text = MESSAGES[code][1 if language.startswith("zh") else 0]
    for name, value in parts.items():
        text = text.replace("{" + name + "}", str(value))
    return text
