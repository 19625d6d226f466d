package analyze

// PartitionFilter is what a query demands of a table's partition keys.
type PartitionFilter struct{ terms []Expr }

func prunePartitions(*Plan) {}
