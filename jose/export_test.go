package jose

// VerifyRaw is the check that every token goes through, for vectors that sign
// what no token could hold.
var VerifyRaw = verify
