package baking

import (
	"bytes"
	"slices"
	"strings"
)

// declare rewrites the start tag of an SVG's root so that prefix stands for
// namespace, and returns it with the element's name as written. An empty root (<svg/>) becomes a start tag.
//
// tag has been read by an XML parser before, so it is well-formed.
func declare(tag []byte, prefix, namespace string) (out []byte, name string, err error) {
	body := bytes.TrimSuffix(bytes.TrimSuffix(tag[1:], []byte(">")), []byte("/"))
	n := bytes.IndexAny(body, " \t\r\n")
	if n < 0 {
		n = len(body)
	}
	name = string(body[:n])
	attr := "xmlns:" + prefix
	from, to := attributeValue(body[n:], attr)
	if from < 0 {
		out = slices.Concat([]byte("<"), body[:n], []byte(" "+attr+`="`+namespace+`"`), body[n:], []byte(">"))
		return out, name, nil
	}
	// The prefix is taken, as a rule by a badge of another version that is being
	// replaced: let it mean the new one.
	out = slices.Concat([]byte("<"), body[:n+from], []byte(namespace), body[n+to:], []byte(">"))
	if strings.Count(string(out), attr) > 1 {
		return nil, "", malformed("the SVG declares a namespace twice")
	}
	return out, name, nil
}

// attributeValue finds the value of the attribute called name among the
// attributes in s and returns its byte range without quotes, or -1, -1.
func attributeValue(s []byte, name string) (from, to int) {
	for i := 0; i < len(s); {
		eq := bytes.IndexByte(s[i:], '=')
		if eq < 0 {
			return -1, -1
		}
		key := strings.TrimSpace(string(s[i : i+eq]))
		i += eq + 1
		for i < len(s) && s[i] != '"' && s[i] != '\'' {
			i++
		}
		if i == len(s) {
			return -1, -1
		}
		end := bytes.IndexByte(s[i+1:], s[i])
		if end < 0 {
			return -1, -1
		}
		if key == name {
			return i + 1, i + 1 + end
		}
		i += end + 2
	}
	return -1, -1
}
