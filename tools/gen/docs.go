package main

func generateDocs(root string, p *Package, out outputs) error { return nil }
