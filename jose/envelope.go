package jose

import (
	"encoding/base64"

	"github.com/roundel/roundel/credential"
)

// Media types of secured documents (VC-JOSE-COSE, section 6.1).
const (
	MediaTypeVCJWT   = "application/vc+jwt"
	MediaTypeVPJWT   = "application/vp+jwt"
	MediaTypeVCSDJWT = "application/vc+sd-jwt"
	MediaTypeVPSDJWT = "application/vp+sd-jwt"
	MediaTypeVCCOSE  = "application/vc+cose"
	MediaTypeVPCOSE  = "application/vp+cose"
)

// Envelope returns the object that carries token in another document: an
// EnvelopedVerifiableCredential, or for a media type of a presentation an
// EnvelopedVerifiablePresentation (data model 2.0, sections 4.13.2 and 4.13.3).
// package credential reads such objects.
//
// mediaType is one of the constants above. COSE is binary and goes in base64.
func Envelope(mediaType string, token []byte) map[string]any {
	kind := credential.TypeEnvelopedCredential
	switch mediaType {
	case MediaTypeVPJWT, MediaTypeVPSDJWT, MediaTypeVPCOSE:
		kind = credential.TypeEnvelopedPresentation
	}
	data := "data:" + mediaType
	switch mediaType {
	case MediaTypeVCCOSE, MediaTypeVPCOSE:
		data += ";base64," + base64.StdEncoding.EncodeToString(token)
	default:
		data += "," + string(token)
	}
	return map[string]any{"@context": credential.ContextV2, "type": kind, "id": data}
}
