package engine

// Waiting is how many operations wait in the engine's queue, those of a batch
// under way not among them: tests wait for it where the order of arrival counts.
func (e *Engine) Waiting() int {
	e.line.mu.Lock()
	defer e.line.mu.Unlock()
	return e.line.length
}
