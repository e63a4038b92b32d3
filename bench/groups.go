package main

import "slices"

// A group is one benchmark of package interop, with the peers that do the same
// works; a work is a table of the report, and a way a row of it, the first being
// the one that others are compared with.
type (
	group struct {
		name, title, text string
		works             []work
	}
	work struct {
		name, title string
		ways        []way
	}
	way struct{ name, label string }
)

// packages are the npm packages of each peer, a module of interop/bench, whose
// versions count.
var packages = map[string][]string{
	"digitalbazaar": {"@digitalbazaar/vc", "@digitalbazaar/data-integrity", "@digitalbazaar/eddsa-rdfc-2022-cryptosuite",
		"@digitalbazaar/ecdsa-rdfc-2019-cryptosuite", "@digitalbazaar/ecdsa-sd-2023-cryptosuite", "@digitalbazaar/eddsa-jcs-2022-cryptosuite", "jsonld", "rdf-canonize"},
	"digitalcredentials": {"@digitalcredentials/vc", "@digitalcredentials/data-integrity", "@digitalcredentials/eddsa-rdfc-2022-cryptosuite"},
	"verifier-core":      {"@digitalcredentials/verifier-core"},
	"jose":               {"jose"},
	"sd-jwt":             {"@sd-jwt/core", "@sd-jwt/crypto-nodejs"},
	"status-list":        {"@digitalbazaar/vc-bitstring-status-list"},
	"png-chunks":         {"png-chunks-extract", "png-chunks-encode"},
}

var (
	shape         = way{"shape", "Roundel, known shape"}
	full          = way{"full", "Roundel, full processor"}
	ours          = way{"ours", "Roundel"}
	gold          = way{"json-gold", "json-gold (Go), its expansion and canonicalisation"}
	floor         = way{"floor", "floor: one signature and SHA-256 of 10.3 kB"}
	bare          = way{"floor", "floor: the bare signature and one SHA-256"}
	token         = way{"token", "Roundel, the token alone"}
	claims        = way{"credential", "Roundel, claims and document made or compared"}
	digitalbazaar = way{"digitalbazaar", "@digitalbazaar/vc"}
	joseNpm       = way{"jose", "jose"}
)

var groups = []group{
	{"EddsaRdfc", "eddsa-rdfc-2022",
		"The credential whole, with its status entry, from JSON to JSON; contexts are in memory. A known shape is one of which a badge went through the same cache before, as every badge but the first of an achievement; the full processor is what a badge of a new shape costs, and what the other is tested against.",
		[]work{
			{"sign", "sign", []way{shape, {"voi", "Roundel, known shape, with the Ed25519 of curve25519-voi"}, full, gold, floor, digitalbazaar, {"digitalcredentials", "@digitalcredentials/vc"}}},
			{"verify", "verify", []way{shape, full, gold, floor, {"batch", "the floor in batches of 64 with one equation (curve25519-voi), each point's order checked"}, digitalbazaar, {"digitalcredentials", "@digitalcredentials/vc"}}},
		}},
	{"Whole", "Every check of a badge",
		"`verify.Verifier.Verify` as `roundel verify --offline` runs it, beside verifier-core: an issuer by did:key, no status entry. What verifier-core fetches (the JSON Schema) is an empty schema at once.",
		[]work{{"verify", "verify", []way{ours, {"verifier-core", "@digitalcredentials/verifier-core"}}}}},
	{"JWTEdDSA", "JWT, EdDSA", "The credential as the payload of a compact JWS with Ed25519.",
		[]work{{"sign", "sign", []way{token, claims, bare, joseNpm}}, {"verify", "verify", []way{token, claims, bare, joseNpm}}}},
	{"JWTES256", "JWT, ES256", "The same on P-256.",
		[]work{{"sign", "sign", []way{token, claims, bare, joseNpm}}, {"verify", "verify", []way{token, claims, bare, joseNpm}}}},
	{"StatusList", "Status lists", "131,072 entries, one in a hundred set.",
		[]work{
			{"encode", "encode", []way{ours, {"status-list", "@digitalbazaar/vc-bitstring-status-list"}}},
			{"decode", "decode", []way{ours, {"status-list", "@digitalbazaar/vc-bitstring-status-list"}}},
		}},
	{"PNG", "Baking", "The credential in the iTXt chunk of a PNG of 29 kB.",
		[]work{
			{"bake", "bake", []way{ours, {"append", "Roundel, into a buffer that is used again"}, {"png-chunks", "png-chunks-extract, png-chunks-encode"}}},
			{"again", "bake into a picture that was read before", []way{ours, {"png-chunks", "png-chunks-encode"}}},
			{"read", "read", []way{ours, {"png-chunks", "png-chunks-extract"}}},
		}},
	{"EcdsaRdfc", "ecdsa-rdfc-2019", "As eddsa-rdfc-2022, with P-256.",
		[]work{{"sign", "sign", []way{shape, full, digitalbazaar}}, {"verify", "verify", []way{shape, full, digitalbazaar}}}},
	{"EcdsaSd", "ecdsa-sd-2023", "Signed with four mandatory members, of which three more are shown.",
		[]work{{"sign", "sign the base proof", []way{ours, digitalbazaar}}, {"derive", "derive", []way{ours, digitalbazaar}}, {"verify", "verify the derived proof", []way{ours, digitalbazaar}}}},
	{"EddsaJcs", "eddsa-jcs-2022", "The canonical form is that of JSON (RFC 8785).",
		[]work{{"sign", "sign", []way{ours, digitalbazaar}}, {"verify", "verify", []way{ours, digitalbazaar}}}},
	{"SDJWT", "SD-JWT", "The credential as claims, four of which the holder may withhold; ES256, no key binding.",
		[]work{{"issue", "issue", []way{ours, {"sd-jwt", "@sd-jwt/core"}}}, {"verify", "verify", []way{ours, {"sd-jwt", "@sd-jwt/core"}}}}},
}

// An aim is about how many times the processor time of by that of of is.
type aim struct {
	what    string
	of, by  string
	atLeast float64
	atMost  float64
}

var aims = []aim{
	{"sign eddsa-rdfc-2022, known shape, beside @digitalbazaar/vc", "EddsaRdfc/sign/digitalbazaar", "EddsaRdfc/sign/shape", 250, 0},
	{"the same with a faster Ed25519 (curve25519-voi) handed in", "EddsaRdfc/sign/digitalbazaar", "EddsaRdfc/sign/voi", 250, 0},
	{"with the standard library's, beside json-gold", "EddsaRdfc/sign/json-gold", "EddsaRdfc/sign/shape", 85, 0},
	{"the same beside one signature and one hash", "EddsaRdfc/sign/shape", "EddsaRdfc/sign/floor", 0, 1.6},
	{"verify eddsa-rdfc-2022, known shape, beside @digitalbazaar/vc", "EddsaRdfc/verify/digitalbazaar", "EddsaRdfc/verify/shape", 100, 0},
	{"sign, new shape (full processor)", "EddsaRdfc/sign/digitalbazaar", "EddsaRdfc/sign/full", 5, 0},
	{"verify, new shape (full processor)", "EddsaRdfc/verify/digitalbazaar", "EddsaRdfc/verify/full", 5, 0},
	{"sign a JWT, EdDSA, the token alone, beside the bare signature and one SHA-256", "JWTEdDSA/sign/token", "JWTEdDSA/sign/floor", 0, 1.3},
	{"sign a JWT, EdDSA, with the claims of the credential", "JWTEdDSA/sign/credential", "JWTEdDSA/sign/floor", 0, 1.3},
	{"verify a JWT, EdDSA, the token alone", "JWTEdDSA/verify/token", "JWTEdDSA/verify/floor", 0, 1.3},
	{"verify a JWT, EdDSA, with the claims of the credential", "JWTEdDSA/verify/credential", "JWTEdDSA/verify/floor", 0, 1.3},
	{"sign a JWT, ES256, the token alone", "JWTES256/sign/token", "JWTES256/sign/floor", 0, 1.3},
	{"sign a JWT, ES256, with the claims of the credential", "JWTES256/sign/credential", "JWTES256/sign/floor", 0, 1.3},
	{"verify a JWT, ES256, the token alone", "JWTES256/verify/token", "JWTES256/verify/floor", 0, 1.3},
	{"verify a JWT, ES256, with the claims of the credential", "JWTES256/verify/credential", "JWTES256/verify/floor", 0, 1.3},
	{"encode a status list, beside @digitalbazaar/vc-bitstring-status-list", "StatusList/encode/status-list", "StatusList/encode/ours", 10, 0},
	{"decode a status list", "StatusList/decode/status-list", "StatusList/decode/ours", 10, 0},
	{"bake a PNG, beside png-chunks", "PNG/bake/png-chunks", "PNG/bake/ours", 500, 0},
	{"the same into a buffer that is used again", "PNG/bake/png-chunks", "PNG/bake/append", 500, 0},
	{"the same into a picture that was read before", "PNG/again/png-chunks", "PNG/again/ours", 500, 0},
}

// met tells whether a measured ratio keeps to the aim.
func (a aim) met(ratio float64) bool {
	return ratio >= a.atLeast && (a.atMost == 0 || ratio <= a.atMost)
}

// peers are the modules of interop/bench that take part, in order.
func (g group) peers() (names []string) {
	for _, w := range g.works {
		for _, way := range w.ways {
			if packages[way.name] != nil && !slices.Contains(names, way.name) {
				names = append(names, way.name)
			}
		}
	}
	return names
}

func (w work) has(name string) bool {
	return slices.ContainsFunc(w.ways, func(way way) bool { return way.name == name })
}
