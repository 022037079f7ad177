"""What makes an app happen in a database: releases, the door to records, rules, imports, accounts; no pages."""
