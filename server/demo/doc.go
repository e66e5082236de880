// Package demo fills a fresh database with a product like Codex and Sora, and
// keeps a little live traffic going, so that every page shows something true.
//
// Everything is made through the engine, as a product service and an admin
// would make it: the history is decided by an engine whose clock runs through
// the last two weeks. The data are made once; a second start finds them.
package demo
