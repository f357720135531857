package experiment

// Multiscale draws the size of the images anew every few steps.
type Multiscale struct {
	Sizes []int `yaml:"sizes" spec:"bare" help:"pixels of a side: a list of three or more, or [low, high] for all from low to high by step"`
	Every int   `yaml:"every" help:"steps between two draws, at least 1"`
	Step  int   `yaml:"step" default:"the network's stride" help:"pixels between two sizes of [low, high]; 0: the network's stride"`
}

// Sides are the sizes that are drawn from, none where the training keeps one size. Of [low, high] the step must be set, as approach.Build
// does.
func (m Multiscale) Sides() []int {
	if len(m.Sizes) != 2 || m.Step < 1 {
		return m.Sizes
	}
	var sides []int
	for side := m.Sizes[0]; side <= m.Sizes[1]; side += m.Step {
		sides = append(sides, side)
	}
	return sides
}
