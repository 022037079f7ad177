"""Why somebody got a record out of a queue, or nobody: kept as codes, told in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

_MOST_TOLD = 8
_CHOICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "only": ("{name} was the only one of queue {queue} who could take it.",
                 "队列 {queue} 中只有 {name} 可以接手。"),
        "turn": ("It was the turn of {name} among the {of} of queue {queue} who could take it.",
                 "队列 {queue} 中可接手的 {of} 人轮到 {name}。"),
        "load": ("{name} had the fewest open records for their weight ({load}) among the {of} of queue {queue}"
                 " who could take it.",
                 "队列 {queue} 中可接手的 {of} 人里，{name} 按权重计未完成的记录最少（{load} 条）。"),
        "skill": ("{name} is one of the {of} of queue {queue} with the skills it needs ({skills}),"
                  " and had the fewest open records for their weight ({load}).",
                  "队列 {queue} 中具备所需技能（{skills}）的有 {of} 人，"
                  "{name} 按权重计未完成的记录最少（{load} 条）。"),
        "nobody": ("Nobody of queue {queue} could take it, so it stays in the queue.",
                   "队列 {queue} 中无人可以接手，记录留在队列中。"),
    }
)  # fmt: skip
_LEFT_OUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "inactive": ("switched off", "已停用"),
        "had": ("had it before", "此前已分配过"),
        "away": ("absent", "缺勤"),
        "hours": ("outside working hours", "不在工作时间"),
        "skills": ("not the skills", "技能不符"),
        "where": ("not what the rule asks for", "不符合规则条件"),
        "full": ("has all they can take", "已达上限"),
    }
)
_UNTOUCHED = ("{before} did not touch it in time.", "{before} 未及时处理。")
_OTHERS = ("Left out: {listed}.", "未考虑：{listed}。")
_MORE = ("{count} more", "另有 {count} 人")


def reason(
    code: str, left_out: Iterable[tuple[str, str]], *, before: str | None = None, **parts: object
) -> dict[str, Any]:
    """Make a reason as it is kept. left_out: name and code of those who could not. before: who did not touch it."""
    return {"code": code, "out": [list(pair) for pair in left_out], "before": before, **parts}


def told(kept: Mapping[str, Any], language: str) -> str:
    """Tell a kept reason in a language (Chinese for `zh…`, else English)."""
    at = 1 if language.startswith("zh") else 0
    texts = [_filled(_UNTOUCHED[at], kept)] if kept.get("before") else []
    texts.append(_filled(_CHOICES[kept["code"]][at], kept))
    if kept.get("out"):
        texts.append(_OTHERS[at].replace("{listed}", _listed(kept["out"], at)))
    return ("" if at else " ").join(texts)


def _listed(out: list[list[str]], at: int) -> str:
    shown = [f"{name}（{_LEFT_OUT[why][1]}）" if at else f"{name} ({_LEFT_OUT[why][0]})" for name, why in out]
    if len(shown) > _MOST_TOLD:
        more = _MORE[at].replace("{count}", str(len(shown) - _MOST_TOLD))
        shown = [*shown[:_MOST_TOLD], more]
    return ("、" if at else ", ").join(shown)


def _filled(text: str, parts: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: str(parts.get(part[1], "")), text)
