"""The sentences of imports and exports, as the catalogue of translations has them: of files, columns and cells."""

from __future__ import annotations

from ui.phrases import marked as _l

TOLD_OF_IMPORTS = (
    _l("{name} is empty; its first line must name the columns."),
    _l("{name} has the column {columns} twice."),
    _l("{name} cannot be read from line {line} on: {reason}."),
    _l("{name} is neither UTF-8 nor GB18030; save it as UTF-8."),
    _l("{name} is larger than {size} MB."),
    _l("{name} is an old workbook (XLS); save it as XLSX or CSV."),
    _l("{name} is no text; save it as CSV or XLSX."),
    _l("{name} has {count} columns; 1 to {most} can be read."),
    _l("{name} has no rows below its heads."),
    _l("{name} has {count} rows; at most {most} are read at once."),
    _l("{name} unpacks to more than {size} MB."),
    _l("{name} cannot be read as a workbook; save it as XLSX or CSV again."),
    _l("Something went wrong; the log of the server says what."),
    _l("rows are to be matched by '{name}', which no column fills"),
    _l("is no date of the form {form}"),
    _l("is no file in the folder of the imported file, nor the id of one that was uploaded"),
    _l("the row was refused"),
    _l("{count} records are called '{text}'; name one by its external id"),
    _l("there is no {object} '{text}'"),
    _l("The file {name} is not kept any more; send it again."),
    _l("There is no role '{name}'; {hint}"),
    _l("you do not hold all of what these roles give yourself"),
    _l("Whoever started this may not act any more."),
    _l("Whoever asked for this may not act any more."),
    _l("your roles have changed since; export again"),
)
