"""What a browser runs on, told by its headers: layouts may be made for phones, tablets or desktops."""

from __future__ import annotations

from flask import request

from metamodel.layouts import Device


def device() -> Device:
    """Give the kind of device of this request; a browser that does not say counts as a desktop's."""
    agent = request.headers.get("User-Agent", "")
    if "iPad" in agent or ("Android" in agent and "Mobile" not in agent):
        return Device.TABLET
    if request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in agent:
        return Device.PHONE
    return Device.DESKTOP
