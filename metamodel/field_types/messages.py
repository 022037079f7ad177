"""What is said of a value that a field can't take, by code, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "plugin_refused": ("{reason}", "{reason}"),
        "required": ("This must be filled in.", "此项必填。"),
        "masked": (
            "This is the masked text; leave it out to keep the value, or give a new one.",
            "这是脱敏后的文本；不填写则保留原值，或输入新值。",
        ),
        "not_text": ("This must be a text.", "此项必须是文本。"),
        "bad_character": ("This text holds a character that can't be stored.", "文本中含有无法保存的字符。"),
        "line_break": ("This text must stand in one line.", "此文本只能有一行。"),
        "too_long": (
            "This has {length} characters; at most {max_length} are allowed.",
            "共 {length} 个字符，最多允许 {max_length} 个。",
        ),
        "pattern": ("This does not have the form that is asked for ({pattern}).", "格式不符合要求（{pattern}）。"),
        "not_email": (
            "This is not an e-mail address such as ann@example.com.",
            "这不是有效的邮箱地址，例如 ann@example.com。",
        ),
        "not_phone": (
            "This is not a phone number such as +86 138 0013 8000.",
            "这不是有效的电话号码，例如 +86 138 0013 8000。",
        ),
        "phone_country": (
            "This phone number needs its country code, such as +86.",
            "电话号码需要带国家代码，例如 +86。",
        ),
        "not_url": (
            "This is not a web address such as https://example.com.",
            "这不是有效的网址，例如 https://example.com。",
        ),
        "not_integer": ("This must be a whole number.", "此项必须是整数。"),
        "not_number": ("This must be a number such as 1234.50.", "此项必须是数字，例如 1234.50。"),
        "not_percent": (
            "This must be a percentage such as 20%, or a number such as 0.2.",
            "此项必须是百分比，例如 20%，或小数 0.2。",
        ),
        "not_money": (
            "This must be an amount such as 12.50 or 12.50 CNY.",
            "此项必须是金额，例如 12.50 或 12.50 CNY。",
        ),
        "not_currency": ("'{currency}' is not a currency code such as CNY.", "“{currency}”不是货币代码，例如 CNY。"),
        "too_many_digits": (
            "At most {digits} digits are allowed after the decimal point.",
            "小数点后最多允许 {digits} 位。",
        ),
        "too_large": ("This number is too large.", "数字过大。"),
        "below_minimum": ("This must be at least {minimum}.", "不能小于 {minimum}。"),
        "above_maximum": ("This must be at most {maximum}.", "不能大于 {maximum}。"),
        "not_boolean": ("This must be true or false.", "此项必须是“是”或“否”。"),
        "not_date": ("This must be a date such as 2026-11-21.", "此项必须是日期，例如 2026-11-21。"),
        "not_datetime": (
            "This must be a date and time such as 2026-11-21T09:00.",
            "此项必须是日期时间，例如 2026-11-21T09:00。",
        ),
        "not_time": ("This must be a time of day such as 09:30.", "此项必须是时刻，例如 09:30。"),
        "not_duration": (
            "This must be a length of time such as 1:30, 90 minutes or 2 hours.",
            "此项必须是时长，例如 1:30、90 分钟或 2 小时。",
        ),
        "no_fixed_length": (
            "Months and business days have no fixed length; give hours, days or weeks.",
            "月和工作日没有固定长度，请填写小时、天或周。",
        ),
        "not_rating": ("This must be a whole number from 1 to {most}.", "此项必须是 1 到 {most} 的整数。"),
        "not_color": ("This is not a colour such as #1a73e8.", "这不是颜色值，例如 #1a73e8。"),
        "not_barcode": (
            "A bar code has 8, 12, 13 or 14 digits, such as 4006381333931.",
            "条码应为 8、12、13 或 14 位数字，例如 4006381333931。",
        ),
        "barcode_digit": (
            "The last digit of this bar code should be {expected}; is there a typing slip?",
            "此条码的末位应为 {expected}，请检查是否输错。",
        ),
        "not_list": (
            'These must be several texts, such as ["a", "b"].',
            '此项必须是多个文本，例如 ["a", "b"]。',
        ),
        "too_many": (
            "{count} values are too many; at most {most} are allowed.",
            "共 {count} 个值，最多允许 {most} 个。",
        ),
        "bad_tag": (
            "A tag can't hold a comma, a semicolon or a line break: '{value}'.",
            "标签不能含有逗号、分号或换行：“{value}”。",
        ),
        "not_person_name": (
            "This must be a name by its parts: last, first, middle, title, suffix.",
            "此项必须按部分填写姓名：last、first、middle、title、suffix。",
        ),
        "not_address": (
            "This must be an address by its parts: street, city, region, postal_code, country.",
            "此项必须按部分填写地址：street、city、region、postal_code、country。",
        ),
        "not_geo": (
            "This must be a latitude and a longitude, such as 31.2304, 121.4737.",
            "此项必须是纬度和经度，例如 31.2304, 121.4737。",
        ),
        "unknown_part": ("'{part}' is not one of its parts: {parts}.", "“{part}”不是其中的部分：{parts}。"),
        "bad_part": ("{part}: {reason}", "{part}：{reason}"),
        "out_of_world": (
            "{part}: this must lie between -{limit} and {limit}.",
            "{part}：必须在 -{limit} 和 {limit} 之间。",
        ),
        "not_json": ("This must be a JSON object or list.", "此项必须是 JSON 对象或列表。"),
        "json_syntax": (
            "This is not JSON: line {line}, character {column}.",
            "这不是有效的 JSON：第 {line} 行，第 {column} 个字符。",
        ),
        "json_twice": ("The key '{name}' stands twice in one JSON object.", "同一个 JSON 对象中键“{name}”出现了两次。"),
        "json_number": ("This JSON holds a number that is too large.", "JSON 中含有过大的数字。"),
        "json_too_deep": ("This JSON is nested too deeply.", "JSON 嵌套过深。"),
        "json_type": ("{path}: must be {expected}.", "{path}：类型必须是 {expected}。"),
        "json_missing": ("{path}: '{name}' is missing.", "{path}：缺少“{name}”。"),
        "json_unknown": (
            "{path}: '{name}' is not one of the keys: {known}.",
            "{path}：“{name}”不在允许的键中：{known}。",
        ),
        "json_option": ("{path}: must be one of: {options}.", "{path}：必须是以下之一：{options}。"),
        "json_rule": ("{path}: does not fit '{rule}'.", "{path}：不符合“{rule}”。"),
        "not_file": ("This must be the id of a file that was uploaded.", "此项必须是已上传文件的 id。"),
        "no_file": ("There is no such file, or it is not yours to use here.", "没有这个文件，或您无权在此使用。"),
        "file_empty": ("This file is empty.", "此文件是空的。"),
        "file_too_big": ("This file has {size}; at most {most} are allowed.", "此文件为 {size}，最大允许 {most}。"),
        "file_kind": (
            "This kind of file can't stand here; only: {accepted}.",
            "此处不能使用这种文件，只能是：{accepted}。",
        ),
        "file_content": (
            "The file is called '.{ending}', but its content is {found}.",
            "文件扩展名为“.{ending}”，但内容是 {found}。",
        ),
        "file_archive": (
            "This archive unpacks to more than is allowed, holds another archive, or can't be read.",
            "此压缩文件解压后超出允许范围、内含其他压缩文件，或无法读取。",
        ),
        "file_entities": (
            "This file declares entities of XML, which are not allowed.",
            "此文件声明了 XML 实体，不允许上传。",
        ),
        "file_space": ("There is no more room for files here; ask your administrator.", "文件空间已满，请联系管理员。"),
        "too_many_uploads": (
            "You have {count} files that no record uses yet; save or wait before more are sent.",
            "您有 {count} 个文件尚未用于任何记录；请先保存或稍后再上传。",
        ),
        "too_many_files": (
            "These are {count} files; at most {most} are allowed.",
            "共 {count} 个文件，最多允许 {most} 个。",
        ),
        "not_image": ("This is not an image (PNG, JPEG, GIF or WebP).", "这不是图片（PNG、JPEG、GIF 或 WebP）。"),
        "image_too_large": (
            "This image has too many pixels: {width} × {height}.",
            "图片像素过多：{width} × {height}。",
        ),
        "image_broken": ("This image is damaged and can't be shown.", "图片已损坏，无法显示。"),
        "unsafe_markup": (
            "This text holds markup that is not allowed.",
            "此文本含有不允许的标记。",
        ),
        "unknown_option": ("'{value}' is not one of: {options}.", "“{value}”不在可选值中：{options}。"),
        "not_record": ("This must be the id of a record.", "此项必须是记录的 id。"),
        "wrong_object": (
            "A record of '{object}' can't stand here; only: {targets}.",
            "此处不能是“{object}”的记录，只能是：{targets}。",
        ),
        "computed": ("This value is computed and can't be set.", "此值由系统计算，不能填写。"),
    }
)


def message(code: str, language: str, **params: object) -> str:
    """Give the message of a code in a language (Chinese for `zh…`, else English), its parts filled in."""
    english, chinese = MESSAGES[code]
    text = chinese if language.startswith("zh") else english
    for name, value in params.items():
        text = text.replace("{" + name + "}", _shown(value))
    return text


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    return str(value)
