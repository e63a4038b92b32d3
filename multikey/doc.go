// Package multikey reads and writes public and private keys in the forms that
// verifiable credentials use: Multikey (W3C Controlled Identifiers 1.0,
// section 2.2.2) for Ed25519, P-256 and P-384, and JSON Web Key (RFC 7517), for
// these and RSA and P-521. It also checks signatures of the first three, one by
// one (Verify) or many at once (Batch).
//
// The decoders are strict: a key has one spelling only. Anything that another
// implementation might read differently, or that no honest key generator
// makes, is an error: wrong multibase or multicodec header, wrong length,
// padding bits, points that are not on the curve, Ed25519 points in
// non-canonical form or of small order.
//
// So are the verifiers: VerifyEd25519 takes the equation without cofactor and no
// points of small order, VerifyECDSA numbers of fixed length and in range.
package multikey
