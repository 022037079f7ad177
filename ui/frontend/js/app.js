// Entry of app.js: every module improves pages that already work without it.
import htmx from "htmx.org";
import "./morph.js";
import { start as board } from "./board.js";
import { start as busy } from "./busy.js";
import { start as calendar } from "./calendar.js";
import { start as chartLoader } from "./chart_loader.js";
import { start as childGrid } from "./child_grid.js";
import { start as dialog } from "./dialog.js";
import { start as drafts } from "./drafts.js";
import { start as files } from "./files.js";
import { start as focus } from "./focus.js";
import { start as formGuard } from "./form_guard.js";
import { start as inlineEdit } from "./inline_edit.js";
import { start as keys } from "./keys.js";
import { start as listKeys } from "./list_keys.js";
import { start as lookup } from "./lookup.js";
import { start as menus } from "./menus.js";
import { start as palette } from "./palette.js";
import { start as preferences } from "./preferences.js";
import { start as sidebar } from "./sidebar.js";
import { start as stale } from "./stale.js";
import { start as times } from "./times.js";
import { start as toasts } from "./toasts.js";

window.htmx = htmx;
for (const start of [toasts, busy, menus, sidebar, palette, preferences, dialog, lookup, childGrid, drafts, files, formGuard, stale, listKeys, inlineEdit, keys, board, calendar, chartLoader, times, focus]) start();
