// Package shape canonicalises JSON-LD documents at the speed of copying, once
// it has met a document of the same shape.
package shape
