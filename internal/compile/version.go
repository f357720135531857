package compile

// The versions of what this room decides of a training's bits. Each rises when its output changes: a test holds it to a golden.
const (
	// Version is of programs: lowering, losses, gradients, updates.
	Version = 1
	// InitVersion is of first values: rules, and how they draw from a seed.
	InitVersion = 1
)
