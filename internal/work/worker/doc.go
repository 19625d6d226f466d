// Package worker runs untrusted work in warm child processes of the same program.
//
// Data files come from anywhere, and the libraries that read them are large and
// written in C++. A file that crashes, stalls or takes over its reader must cost
// one task, never the server. So the server lists, authorizes and stores; a worker
// only computes. It has no database, no keys, an empty environment, no network, and
// one socket to talk through.
//
// # Reading order
//
// Task and Main are the child's side: what a worker can do, and its loop. Pool and
// Lease are the server's side: processes are started when first needed, kept warm,
// stopped when idle, and replaced when they die. frame.go and message.go hold what
// travels between the two; confine_linux.go what a worker is denied by the kernel.
//
// # Adding a kind of task
//
// Write a function `func(ctx context.Context, c *worker.Conn, request cbor.RawMessage) error`,
// give it a name in a Task value, and add the value to the list that app passes to
// Main. On the server, take a Lease (or call Pool.Do) with the same name. Nothing is
// registered behind the scenes; a name that the worker does not know is refused by it.
//
// # What the package promises
//
// Every byte from a worker is treated as hostile: frames are bounded, CBOR is decoded
// strictly, and a worker that breaks the protocol is killed. Cancelling the context of
// a task kills the process (there is no polite way to stop a loop in C++). A worker
// never outlives the server, not even after kill -9 of the server.
package worker
