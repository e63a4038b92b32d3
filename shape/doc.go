// Package shape canonicalises JSON-LD documents at nearly the speed of copying
// them, once it has met documents of the same shape.
//
// All credentials of one badge, and most of one issuer, differ in the values of
// strings only: who, when, which number. A [Cache] takes the text of a document
// apart into its structure and its strings. For a structure that it does not
// know it runs the full processor, package jsonld; when it meets the structure
// again, it compiles it: strings are replaced by sentinels, the full processor
// runs on that, and where the sentinels come out tells where in the canonical
// N-Quads each string belongs. From then on such documents, in any order of
// members and with any white space, take some microseconds instead of a large part
// of a millisecond.
//
// # Whose word is the last
//
// A mistake here would let forgeries pass, so the full processor stays the
// reference, and whatever is not certainly the same is left to it:
//
//   - The structure that is compared has everything but the strings: all names,
//     nesting, arrays in their order, numbers as they are written, contexts,
//     types, languages. It is compared byte by byte, not by a hash.
//   - Strings are part of it wherever they decide what something else means.
//   - A string that becomes an identifier must be an absolute IRI of harmless ASCII
//     characters, the scheme of which no context defines as a term or prefix.
//   - All blank nodes must be told apart by their first hash (RDFC-1.0, section
//     4.6), and no value may occur twice in a set.
//   - Each compiled shape is compared with the full processor twice, with the
//     sentinels and with a real document, before it is used by itself.
//
// Errors are always the full processor's. The tests compare the two on random and
// hostile documents whenever they run.
//
// # Use
//
// One Cache belongs to one set of contexts and is shared by all goroutines; it is
// bounded in entries and bytes, and shapes met once take no place in it.
//
// A signer asks [Cache.Hashes] for what is signed of a document and of the options
// of its new proof:
//
//	document, proof, err := cache.Hashes(doc, options)
//	data := append(proof[:], document[:]...) // what eddsa-rdfc-2022 signs
//
// A verifier opens a document with its proofs by [Cache.Secured], which in one pass
// gives all that is needed to check them: [Secured.Proofs] has their members,
// [Secured.OptionsHash] and [Secured.DocumentHash] are what was signed. Where
// Proofs says that they are unusual, [Secured.Tree] is the way. Proofs that hash by
// something else than SHA-256, as those of P-384 do, cannot use it.
package shape
