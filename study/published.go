package study

// Published is what a variant did in somebody else's study, where its choice is one that theirs had.
type Published struct {
	Variant string  `json:"variant"` // as the study's file names it
	Points  float64 `json:"points"`  // their effect on accuracy
	Network string  `json:"network"`
	Data    string  `json:"data"`
	Runs    int     `json:"runs"` // trainings behind each of their figures
	Source  string  `json:"source"`
	Paper   string  `json:"paper"`
}
