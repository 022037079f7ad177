"""What accounts refuse, as the catalogue has it."""

from __future__ import annotations

from ui.phrases import marked as _l

TOLD_OF_ACCOUNTS = (
    _l("an account is its owner's alone; you are logged in as somebody else"),
    _l("nobody shuts out oneself"),
    _l("this user has rights that you do not hold"),
    _l("this is for who administrates users"),
    _l("this user may not be logged in as, or not by you"),
    _l("Scopes are needed: read, write, or actions on objects such as deal:read."),
    _l("A token has at most {most} scopes; these are {count}."),
    _l("'{scope}' is no scope; expected read, write, OBJECT:ACTION or right:NAME."),
    _l("'{name}' is no right that the user holds{hint}."),
    _l("'{name}' is no object that the user may do anything with{hint}."),
    _l("'{name}' is no action; expected one of {actions}."),
    _l("A token has a name of at most {most} characters that says what it is for."),
    _l("A user has at most {most} tokens; revoke one that is not used."),
    _l("The token would have expired already."),
    _l("Somebody has to take over: name at least one other user."),
    _l("'{login}' can take nothing over: it is who leaves, a program, or may not log in."),
    _l("A password has at least {least} characters; this one has {count}."),
    _l("A password has at most {most} characters."),
    _l("This password is among the most common ones; choose another."),
    _l("The password must differ from the user name."),
    _l("An end lies in the future."),
    _l("nobody changes their own rights"),
    _l("this team is none that you administrate"),
    _l("these roles are not yours to give"),
    _l("Say what you need it for."),
    _l("You have asked for much already; wait for the answers."),
    _l("This is none of the grants that would do."),
    _l("This request was decided already."),
    _l("The grant needs an end, a day."),
    _l("this is for the record's owner or who administrates users"),
    _l("you do not hold all of what these roles give yourself"),
)
