package edge

import (
	"bytes"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// subprotocol is the one that is spoken: the protocol of the npm package
// graphql-ws.
const subprotocol = "graphql-transport-ws"

// The codes with which a socket is closed. Those of the protocol stop its
// clients from trying again where that would not help.
const (
	closeGoingAway = 1001 // the server is closing: connect again
	closeTooLarge  = 1009
	closeInvalid   = 4400
	// closeUnauthorized: the token has ended, or something was asked before
	// the connection was acknowledged.
	closeUnauthorized = 4401
	closeForbidden    = 4403 // the token is not accepted
	closeInitTimeout  = 4408
	closeSameID       = 4409
	closeTooManyInits = 4429
	// closeTooSlow is ours: connect again, and go on behind the last cursor.
	closeTooSlow = 4413
)

// message is one message of the protocol, in either direction.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func readMessage(text []byte) (m message, ok bool) {
	err := json.Unmarshal(text, &m)
	return m, err == nil && m.Type != ""
}

// encode writes a message. The payload is JSON already.
func encode(id, kind string, payload []byte) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"` + kind + `"`)
	if id != "" {
		quoted, _ := json.Marshal(id) // a string always marshals
		b.WriteString(`,"id":`)
		b.Write(quoted)
	}
	if payload != nil {
		b.WriteString(`,"payload":`)
		b.Write(payload)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func nextMessage(id string, response *graphql.Response) []byte {
	return encode(id, "next", marshal(response))
}

func errorMessage(id string, errs gqlerror.List) []byte {
	payload, err := json.Marshal(errs)
	if err != nil {
		payload = []byte(`[]`)
	}
	return encode(id, "error", payload)
}

// authorizationOf is the token in the payload of connection_init.
func authorizationOf(payload json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(payload, &fields) != nil {
		return ""
	}
	for _, name := range []string{"authorization", "Authorization"} {
		if s, ok := fields[name].(string); ok {
			return s
		}
	}
	return ""
}
