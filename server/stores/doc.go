// Package stores runs a real PostgreSQL and a real redis-server as child
// processes: the embedded default of `spillway dev`, and the private stores of
// a test run.
//
// # What a caller gets
//
// [Start] returns when both servers answer. PostgreSQL listens on a unix socket
// only, in a directory that nobody else may enter; Redis listens on a free port
// of 127.0.0.1 and asks for a password that is made anew at each start. The
// standard ports are never touched. Both servers may be stopped, killed and
// started again one by one, on the same address and the same data, which is
// what the fault tests need. [StartCluster] does the same with the nodes of a
// Redis Cluster, for tests alone.
//
// # Durability
//
// fsync, full_page_writes and synchronous_commit are on in every case, also in
// tests: what is proven here must hold where power fails. Redis keeps nothing
// on disk, because it is a cache that proves itself by a version.
//
// # Who the servers run as
//
// PostgreSQL refuses to run as root. Started by root, both servers run as the
// owner of the data, else as the user postgres, else as nobody. That user must
// be able to enter every directory above its data, which a clone below /root
// does not allow; the data then live in /var/lib/spillway-…, linked from the
// directory that the caller named.
//
// # No process is left behind
//
// Each child is tied to the life of this process, so that even kill -9 leaves
// nothing running: by the kernel's parent-death signal on Linux, by a small
// watchdog elsewhere. The children have process groups of their own: Ctrl-C in
// a terminal reaches us alone, and we stop them in order.
//
// A directory has one user at a time, which a file lock ensures; the lock
// disappears with the process that held it.
package stores
