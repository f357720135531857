package augment

// Entry is one line of the catalogue: an operation with its defaults, and its card. The parameters are the fields of the struct, each with
// the tags yaml (its key), is (what a person has to give, a noun), range ("0 to 180", both included), zero (what 0 stands for,
// where it lies outside the range), help (what else is to be known) and spec:"bare" (a value other than a map sets it). Any
// operation has p besides.
type Entry struct {
	Name    string
	Default Op
	P       float64 // the share of the pictures that it is applied to where a file does not say p
	Bare    bool    // a bare value sets p, as no field takes one
	Card    Card
}

// Card is what a person is told of an operation before choosing it.
type Card struct {
	Summary string // one line
	Paper   string // authors, title, venue or arXiv number
	Caveats string // how it differs from other programs, where it does harm
}

// Catalog lists every operation. What is done to a picture has three parts, whatever the order of the list: it is moved once by all
// that move it, then coloured, then covered. Within a part the order is that of the list. Last, those that are a [Mixer] mix the batch.
func Catalog() []Entry {
	return []Entry{
		{"flip", Flip{}, 0.5, true, Card{
			Summary: "mirrors left and right",
			Paper:   "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1",
			Caveats: "does harm where sides mean something: digits, text, traffic signs",
		}},
		{"crop", Crop{}, 1, false, Card{
			Summary: "cuts a square window at a random place, and with size sets the size of the network's input",
			Paper:   "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1; padded: He, Zhang, Ren, Sun, arXiv:1512.03385, §4.2",
			Caveats: "pictures are kept 1.125 times as large as the window, with pad as large as it; evaluation takes the centre",
		}},
		{"rotate", Rotate{Degrees: 15}, 1, false, Card{
			Summary: "turns about the centre by a random angle",
			Paper:   "as torchvision's RandomRotation, by bilinear interpolation",
			Caveats: "letters and digits that are others upside down bear small angles alone",
		}},
		{"scale", Scale{By: [2]float64{0.8, 1.25}}, 1, false, Card{
			Summary: "makes larger or smaller about the centre by a random factor",
			Paper:   "as the scale of torchvision's RandomAffine, by bilinear interpolation",
			Caveats: "far below 1 pixels are passed over, as nothing is averaged",
		}},
		{"color", Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4}, 1, false, Card{
			Summary: "changes brightness, contrast and saturation by random factors",
			Paper:   "as torchvision's ColorJitter; Howard, arXiv:1312.5402",
			Caveats: "in this order always, as one change of colours: nothing is rounded or cut off in between; saturation leaves grey pictures alone",
		}},
		{"erase", Erase{Area: [2]float64{0.02, 0.33}, Aspect: [2]float64{0.3, 3.3}}, 0.5, false, Card{
			Summary: "covers a random rectangle by the mean colour",
			Paper:   "Zhong, Zheng, Kang, Li, Yang, AAAI 2020, arXiv:1708.04896",
			Caveats: "the paper's best covers by noise, its plain form by the mean, as here",
		}},
		{"mixup", MixUp{Alpha: 0.2}, 1, false, Card{
			Summary: "blends each picture of a batch with another, and their labels",
			Paper:   "Zhang, Cisse, Dauphin, Lopez-Paz, ICLR 2018, arXiv:1710.09412",
			Caveats: "after normalising, one share a batch, with the row before, as torchvision's MixUp; p is of batches, and beside cutmix a batch gets one of both. The loss of training is that of mixed labels, no measure of how well it fits. Short trainings rarely gain",
		}},
		{"cutmix", CutMix{Alpha: 1}, 1, false, Card{
			Summary: "pastes a rectangle of another picture of the batch over each, and mixes their labels by the pixels",
			Paper:   "Yun, Han, Oh, Chun, Choe, Yoo, ICCV 2019, arXiv:1905.04899",
			Caveats: "after normalising, one rectangle a batch, with the row before, as torchvision's CutMix; p is of batches, and beside mixup a batch gets one of both. A class that shows in a corner alone is pasted over, or cut away",
		}},
	}
}
