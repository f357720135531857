package augment

// Entry is one line of the catalogue: an operation with its defaults, and its card. The parameters are the fields of the struct, each with
// the tags yaml (its key), is (what a person has to give, a noun), range ("0 to 180", both included), zero (what 0 stands for,
// where it lies outside the range), default (what a card has in place of a 0 that stands for something), help (what else is to be known) and spec:"bare" (a value other than a map sets it). Any
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
// that move it, then its bytes are changed, then covered. Within a part the order is that of the list. Last, those that are a [Mixer] mix the
// batch.
func Catalog() []Entry {
	return []Entry{
		{"flip", Flip{}, 0.5, true, Card{
			Summary: "mirrors left and right",
			Paper:   "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1; alternate: Jordan, arXiv:2404.00498, §3.6",
			Caveats: "does harm where sides mean something: digits, text, traffic signs; one for each direction may stand in a list: [flip, {flip: {vertical: true}}]",
		}},
		{"crop", Crop{}, 1, false, Card{
			Summary: "cuts a square window at a random place, and with size sets the size of the network's input",
			Paper:   "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1; padded: He, Zhang, Ren, Sun, arXiv:1512.03385, §4.2; by area: Szegedy et al., arXiv:1409.4842, §6",
			Caveats: "pictures are kept 1.125 times as large as the window, with pad as large as it; evaluation takes the centre; `{area: [0.08, 1]}` is torchvision's RandomResizedCrop, bilinear, of the picture at that size",
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
		{"shear", Shear{Degrees: 10}, 1, false, Card{
			Summary: "slants along the rows by a random angle",
			Paper:   "as the shear of torchvision's RandomAffine, by bilinear interpolation",
			Caveats: "upright lines lean, level ones stay level",
		}},
		{"translate", Translate{Share: 0.1}, 1, false, Card{
			Summary: "moves by a random number of whole pixels, up or down and left or right",
			Paper:   "as the translation of torchvision's RandomAffine",
			Caveats: "with pixels it is a padded crop: {translate: {pixels: 2, fill: reflect}} is that of arXiv:2404.00498",
		}},
		{"color", Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4}, 1, false, Card{
			Summary: "changes brightness, contrast, saturation and hue at random",
			Paper:   "as torchvision's ColorJitter; Howard, arXiv:1312.5402; pca: Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1",
			Caveats: "in this order always, brightness to saturation as one change of colours: nothing is rounded or cut off in between; saturation and hue leave grey pictures alone; pca has the components of ImageNet's colours, not of these",
		}},
		{"grey", Grey{}, 0.1, true, Card{
			Summary: "takes the colours away",
			Paper:   "as torchvision's RandomGrayscale; Chen, Kornblith, Norouzi, Hinton, arXiv:2002.05709, appendix A (p 0.2)",
			Caveats: "grey pictures stay as they are",
		}},
		{"blur", Blur{Sigma: [2]float64{0.1, 2}}, 0.1, false, Card{
			Summary: "blurs by a Gauss curve of random width",
			Paper:   "as torchvision's GaussianBlur; Chen, Kornblith, Norouzi, Hinton, arXiv:2002.05709, appendix A (p 0.5)",
			Caveats: "in pixels, made for pictures of 224: at 32 give a tenth; it reaches three sigma, torchvision's as far as it is told",
		}},
		{"erase", Erase{Area: [2]float64{0.02, 0.33}, Aspect: [2]float64{0.3, 3.3}}, 0.5, false, Card{
			Summary: "covers a random rectangle",
			Paper:   "Zhong, Zheng, Kang, Li, Yang, AAAI 2020, arXiv:1708.04896",
			Caveats: "by the mean if nothing is said, the paper's best by {fill: noise}",
		}},
		{"cutout", Cutout{}, 1, false, Card{
			Summary: "covers a square about a random pixel",
			Paper:   "DeVries, Taylor, arXiv:1708.04552",
			Caveats: "the square may reach beyond the edge, so that less is covered; the paper has 16 of 32 pixels for CIFAR-10, 8 for CIFAR-100",
		}},
		{"randaugment", RandAugment{N: 2, M: 9, Each: 1}, 1, false, Card{
			Summary: "applies n of fourteen operations, drawn anew for each picture, at one magnitude",
			Paper:   "Cubuk, Zoph, Shlens, Le, arXiv:1909.13719; the table of torchvision's RandAugment",
			Caveats: "a picture is moved once by all that move it, bilinear, before its colours change, where torchvision resamples after each and takes the nearest pixel; the mean colour comes in, not black; of timm's texts those with inc1 are understood, whose list has invert and solarize-add besides",
		}},
		{"trivial", Trivial{}, 1, false, Card{
			Summary: "applies one of fourteen operations at one of 31 magnitudes, each as likely",
			Paper:   "Müller, Hutter, arXiv:2103.10158; the table of torchvision's TrivialAugmentWide",
			Caveats: "bilinear, and the mean colour comes in, not black; moves by up to 32 pixels, made for pictures of 32 and more: smaller ones may be moved out of sight",
		}},
		{"auto", Auto{}, 1, false, Card{
			Summary: "applies one of 25 pairs of operations that were found by search",
			Paper:   "Cubuk, Zoph, Mane, Vasudevan, Le, arXiv:1805.09501; the tables of torchvision's AutoAugment",
			Caveats: "a picture is moved once by all that move it, bilinear, before its colours change; the mean colour comes in, not black",
		}},
		{"augmix", AugMix{Severity: 3, Width: 3, Alpha: 1}, 1, false, Card{
			Summary: "mixes a picture with chains of changes of it",
			Paper:   "Hendrycks, Mu, Cubuk, Zoph, Gilmer, Lakshminarayanan, arXiv:1912.02781",
			Caveats: "without the paper's loss that compares three mixtures; each chain is moved once, before its colours change, and the picture's own mean colour comes in; costs as much as its chains",
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
		{"mosaic", Mosaic{Off: 0.1}, 1, false, Card{
			Summary: "puts four pictures into one, each with its boxes",
			Paper:   "Bochkovskiy, Wang, Liao, arXiv:2004.10934, §3.4",
			Caveats: "for pictures with boxes alone; each is made as small as still covers its part, so that things are seen smaller than they are, and none in the last tenth of the training",
		}},
	}
}
