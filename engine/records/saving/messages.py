"""What the save says of values that do not go together, by code, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_your_button": ("this button is for others", "此按钮供其他人员使用"),
        "button_closed": ("This can't be done with the record as it is now.", "该记录当前的状态下不能执行此操作。"),
        "no_input": ("This is not asked for here.", "此处不需要填写此项。"),
        "required": ("This must be filled in.", "此项必须填写。"),
        "not_unique": ("This value can't be used here.", "此值不能在此使用。"),
        "duplicate": ("This looks like {titles}, which is here already.", "与已有的 {titles} 相似。"),
        "duplicate_of": (
            "A record like this belongs to {owner} since {day}; ask them.",
            "类似的记录自 {day} 起归 {owner} 所有，请与其联系。",
        ),
        "merged": (
            "It was merged into another record; undo the merge there.",
            "该记录已合并到另一条记录；请在那里撤销合并。",
        ),
        "no_record": ("There is no such record.", "没有这条记录。"),
        "not_a_choice": ("This record can't be chosen here.", "此处不能选择该记录。"),
        "inactive_option": ("'{value}' is no longer in use.", "“{value}”已停用。"),
        "wrong_option": ("'{value}' does not go with '{other}'.", "“{value}”与“{other}”不匹配。"),
        "transition": (
            "This can't change from '{old}' to '{new}'; possible: {allowed}.",
            "不能从“{old}”变为“{new}”；可选：{allowed}。",
        ),
        "option_requires": ("This must be filled in for '{option}'.", "“{option}”要求填写此项。"),
        "readonly": ("This can't be changed now.", "此项现在不能修改。"),
        "no_right": ("You may not change this.", "您无权修改此项。"),
        "currency": (
            "Amounts are in {currency}; there is no rate for {other} on {day}.",
            "金额以 {currency} 计，{day} 没有 {other} 的汇率。",
        ),
        "not_computable": ("This can't be computed: {reason}", "无法计算：{reason}"),
        "rule_not_computable": (
            "The rule '{rule}' could not be evaluated: {reason}.",
            "规则“{rule}”无法计算：{reason}。",
        ),
        "not_rows": ("This is a list of at most {most} rows.", "此处应为最多 {most} 行的列表。"),
        "not_row": ("A row is an object with fields.", "每一行应为带字段的对象。"),
        "given_by_list": ("The list gives this itself.", "此值由列表本身决定。"),
        "twice": ("This record stands in the batch twice.", "该记录在同一批中出现了两次。"),
        "own_parent": ("A record can't be above itself.", "记录不能是自己的上级。"),
        "already_converted": ("This record was converted already.", "该记录已经转化过。"),
        "not_convertible": ("This record can't be converted as it is now.", "该记录目前还不能转化。"),
        "no_conversion": ("There is no such conversion; known: {names}.", "没有这样的转化；可选：{names}。"),
        "no_target": ("The conversion makes no such record.", "该转化不会生成这样的记录。"),
        "several_matches": ("Several records match; choose one, or say new.", "有多条匹配的记录，请选择其一或新建。"),
        "no_claim_role": ("none of your roles claims such records", "您的角色不能领取此类记录"),
        "yours_already": ("This record is yours already.", "该记录已归您所有。"),
        "not_yours": ("Only who owns the record gives it back to the pool.", "只有负责人才能将记录退回公海。"),
        "not_in_pool": ("This record has an owner, so it is not in the pool.", "该记录已有负责人，不在公海中。"),
        "claim_protected": (
            "This record was claimed; the claim is protected until {day}.",
            "该记录已被领取，保护期至 {day}。",
        ),
        "quota_reached": (
            "You hold {held} of at most {quota} claimed records; give one back first.",
            "您已持有 {held} 条领取的记录，上限为 {quota} 条，请先退回一条。",
        ),
        "not_mergeable": ("This can't be taken over.", "此项不能采用。"),
        "not_to_merge": ("Name 1 to {most} other records to merge.", "请指定 1 至 {most} 条要合并的其他记录。"),
        "no_key": (
            "Name the unique field that tells the records apart; known: {names}.",
            "请指定用于识别记录的唯一字段；可选：{names}。",
        ),
        "event_differs": (
            "An event with this id came before and said something else.",
            "此编号的事件已收到过，且内容不同。",
        ),
        "bad_key": ("No record can have this value here.", "任何记录在此处都不能有此值。"),
        "key_differs": ("This differs from what the address says, {value}.", "此值与地址中的 {value} 不一致。"),
        "not_undoable": (
            "Only merges of the last {days} days that stand can be undone.",
            "只能撤销最近 {days} 天内仍有效的合并。",
        ),
        "revert_computed": ("This is computed and follows by itself.", "此项由系统计算，会随之变化。"),
        "revert_hidden": ("What this was before is not shown to you.", "您无法查看此项之前的值。"),
        "revert_not_kept": ("What this was before is not kept.", "此项之前的值没有保留。"),
        "revert_created": ("This is what the record was created with.", "这是创建记录时的值。"),
        "revert_nothing": ("There is nothing to put back.", "没有可以恢复的内容。"),
        "share_never": (
            "such records are not shared: they are seen with what they belong to",
            "此类记录不单独共享，随其所属记录可见",
        ),
        "share_read": (
            "you share records that you may change without somebody having shared them with you",
            "您只能共享自己本来就有权修改的记录（他人共享给您的除外）",
        ),
        "share_edit": (
            "you may not change this record yourself, so you share it for reading, and end shares of your own",
            "您自己无权修改该记录，只能共享查看权限，并撤销自己所作的共享",
        ),
        "share_nobody": ("There is no such user, team or role in use.", "没有这样的在用用户、团队或角色。"),
        "share_self": ("You have this record already.", "您已拥有该记录。"),
        "share_past": ("This is over already; name a later day.", "该时间已过，请选择更晚的日期。"),
        "share_many": ("A record is shared with at most {most}.", "一条记录最多共享给 {most} 个对象。"),
        "view_person": ("views are saved by people", "视图由人员保存"),
        "view_right": ("you save views for yourself, not for others", "您只能为自己保存视图，不能为他人保存"),
        "view_others": ("this view is somebody else's; save a copy of it", "该视图属于他人，请另存为副本"),
        "view_locked": ("this view is locked; save a copy, or unlock it first", "该视图已锁定，请另存为副本或先解锁"),
        "view_label": ("Name the view with 1 to {most} characters.", "请用 1 至 {most} 个字符为视图命名。"),
        "view_part": (
            "This is no part of a view, or longer than {most} characters.",
            "这不是视图的组成部分，或超过 {most} 个字符。",
        ),
        "view_unknown": ("There is no such view of this object.", "该对象没有这样的视图。"),
        "view_many": ("Nobody keeps more than {most} views of one object.", "每人在一个对象上最多保存 {most} 个视图。"),
        "own_ancestor": ("This record stands below it already.", "该记录已在其下级之中。"),
    }
)


def say(code: str, language: str, **parts: object) -> str:
    """Give the message of a code in a language (Chinese for `zh…`, else English), its parts filled in."""
    text = MESSAGES[code][1 if language.startswith("zh") else 0]
    for name, value in parts.items():
        text = text.replace("{" + name + "}", str(value))
    return text
