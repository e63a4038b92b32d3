// Package sheet reads the spreadsheets that people really have: CSV in any
// common encoding and with any common separator, and XLSX. It also reads the
// dates and addresses in them, and writes CSV that no spreadsheet program
// takes for formulas.
package sheet
