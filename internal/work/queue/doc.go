// Package queue keeps work that outlives the request that asked for it: queries, crawls.
//
// An item is a row. Whoever accepts a request enqueues the item in the transaction that
// stores the request's own state, so that neither exists without the other:
//
//	err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
//		if err := insertExecution(ctx, tx, x); err != nil {
//			return err
//		}
//		return q.Enqueue(ctx, tx, queue.Item{ID: x.ID, Kind: "athena:query", Account: x.Account})
//	})
//
// A [Runner] claims items for a limited time (a lease), performs them, and prolongs the
// lease while they run. Start with [Queue], then [Runner.Run].
//
// What it promises:
//
//   - An item is performed until its [Kind.Run] returns nil or it is taken away: after a
//     crash another runner, or the next process, claims it again when its lease ends.
//   - At any moment one runner may settle it. [Queue.Settle], called in the transaction
//     that stores the outcome, fails with [ErrLost] for a runner whose lease has passed on;
//     its outcome is then not stored. Work itself may overlap for a moment: effects outside
//     the store must bear being repeated.
//   - Item.Attempt counts the claims. What must not run twice refuses the second one.
//
// Time comes from the clock of the store's transactions.
package queue
