// Package scalar reads and writes the leaf values of the API.
//
// Values arrive in three shapes: int64, float64 and string from the literals
// of a document, json.Number and string from its variables, int64 from the
// schema's defaults. Each reader accepts exactly what its scalar means and
// nothing that merely resembles it: the number 1.5 is no String, the string
// "5" is no Int, 12.5 is no Credits.
//
// Integers beyond 64 bits are read as the nearest 64 bit integer, so that the
// range check behind the scalar can refuse them by name and, in a batch, item
// by item.
//
// The functions are found by gqlgen by their names: MarshalX and UnmarshalX
// belong to scalar X.
package scalar
