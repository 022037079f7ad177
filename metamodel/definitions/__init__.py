"""What an app's smaller files define: calendars, reports, forms, conversions, service clocks, targets, scenarios."""
