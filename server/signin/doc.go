// Package signin reads bearer tokens: it says whom a token names and what they
// may do, or that it cannot be accepted.
//
// A token is a JWT signed with one shared secret (HS256), or with a key of a
// JWK set (RS256, ES256 or EdDSA, by the type of the key and nothing else).
// The time is an argument. Tokens that were verified are remembered by their
// hash until they end, because checking a signature costs more than deciding a
// request.
package signin
