"""Lists for a spreadsheet: ``cells`` (what stands in one), ``spreadsheet`` (CSV and XLSX), for commands and pages."""
