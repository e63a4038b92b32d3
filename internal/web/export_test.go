package web

// CheckPage lets the tests that run the whole platform ask of a page what the
// tests with sample data ask.
var CheckPage = checkPage
