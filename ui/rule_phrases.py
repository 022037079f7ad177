"""What is said of rules and records afterwards, as the catalogue of translations has it; see `phrases`."""

from __future__ import annotations

from ui.phrases import marked as _l

TOLD_OF_RULES = (
    _l("Its condition could not be evaluated: {reason}"),
    _l("The change was another one than its trigger waits for."),
    _l("It matched before already."),
    _l("The record did not come to match."),
    _l("It acted in the save."),
    _l("It matched."),
    _l("Its condition was false; it did its 'else'."),
    _l("Its condition was false."),
    _l("It starts by the clock, and its time has not come yet."),
    _l("The rule was not there yet when the record was saved."),
    _l("Its trigger never fired: '{field}' was never changed."),
    _l("Its trigger never fired: what it waits for has not happened to this record."),
    _l("Its time is not known: '{field}' is empty."),
    _l("Its time was past already when the rule was published or the value entered."),
    _l("Its time has not come yet: it comes at {when}."),
    _l("The record does not match what has to hold for a time."),
    _l("How long its condition has to hold is not known: a field that says so is empty."),
    _l("As it is now, the record is none of those that the rule goes through."),
    _l("The rule is inactive."),
    _l("The rule is no longer there."),
    _l("The rule was switched off: {reason}"),
    _l("No save of the record fits its trigger; it is tried as if it had fired now, with nothing changed."),
    _l("As if its save of {when} UTC had started it; the record is as it is now."),
    _l("No change of a record starts the rule '{rule}', so that it can't be tested over changes."),
    _l("it needs the system right '{right}'."),
    # Why a run waits, was left out, was ended or has failed.
    _l("It waits until this holds: {condition}"),
    _l("It waits for the end of run {run} of the same rule for the same record."),
    _l("Run {run} of the same rule for the same record is under way, and the rule says 'mode single'."),
    _l("The rule was started again for the same record by run {run}, and says 'mode restart'."),
    _l("The rule ran for this record before: {limit}."),
    _l("The rule ran as often as it may: {limit}."),
    _l("The target '{name}' is paused since it failed {count} times in a row. Last error: {error}"),
    _l("{reason} What the rule does on failure failed too: {error}"),
    _l("The worker died {count} times at this step."),
    _l("The rule '{name}' is not switched off."),
    _l("The target '{name}' is not paused."),
)
