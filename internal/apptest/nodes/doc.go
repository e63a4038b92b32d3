// Package nodes tests several servers, each the real binary in a process of its
// own, on one PostgreSQL and one store of pictures.
package nodes
