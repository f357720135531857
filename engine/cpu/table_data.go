package cpu

// tables is the figures by level.
var tables = map[string]table{
	"generic": {
		conv:  map[string]float64{"1x8": 1},
		wgrad: map[string]float64{"1x8": 1},

		fewestInAll:   12,
		minimalDepth:  16,
		squaresBytes:  2 << 20,
		fewestSquares: 48,
		mostSquares:   96,
		minimalHeavy:  1 << 20,
		minimalPart:   128 * 64,

		chunkBytes: 256 << 10,
		tinyBytes:  64 << 10,

		heavyBytes: 512 << 10,
		sliceBytes: 640 << 10,
		taskPixels: 384,

		fewMACs:    1 << 18,
		fetchMACs:  4,
		taskMACs:   5 << 9,
		farWeights: 16,

		tablePixels: 192,
		cutBytes:    20 << 10,
		panelsBytes: 128 << 10,
		blockBytes:  24 << 10,

		wgradPixels: 128,
		ownBytes:    512 << 10,

		matRows:         512,
		matPanels:       8,
		streamedRows:    64,
		streamedColumns: 512,
		streamedDepth:   128,

		sweepRows:  16,
		sweepBytes: 64 << 10,
	},
	"avx2": {
		conv:  map[string]float64{"6x16": 1, "8x12": 1.05, "12x8": 1.25},
		wgrad: map[string]float64{"6x16": 1, "8x8": 1.4},

		winogradExtra: 1.15,
		winogradIn:    4.6,
		winogradOut:   2.4,
		fewestInAll:   12,
		minimalDepth:  16,
		squaresBytes:  2 << 20,
		fewestSquares: 48,
		mostSquares:   96,
		minimalHeavy:  1 << 20,
		minimalPart:   128 * 64,

		chunkBytes: 256 << 10,
		tinyBytes:  64 << 10,

		heavyBytes: 512 << 10,
		sliceBytes: 640 << 10,
		taskPixels: 384,

		fewMACs:    1 << 18,
		fetchMACs:  4,
		taskMACs:   5 << 9,
		farWeights: 16,

		tablePixels: 192,
		cutBytes:    20 << 10,
		panelsBytes: 128 << 10,
		blockBytes:  24 << 10,

		wgradPixels: 128,
		ownBytes:    512 << 10,

		matRows:         512,
		matPanels:       8,
		streamedRows:    64,
		streamedColumns: 512,
		streamedDepth:   128,

		sweepRows:  16,
		sweepBytes: 64 << 10,
	},
	"avx512": {
		conv:  map[string]float64{"12x32": 1, "8x48": 1.01, "12x16": 1.02},
		wgrad: map[string]float64{"12x32": 1, "8x48": 1, "8x32": 1.02, "8x16": 1.03},

		winogradExtra: 1.15,
		winogradIn:    4.6,
		winogradOut:   2.4,
		fewestInAll:   12,
		minimalDepth:  16,
		squaresBytes:  2 << 20,
		fewestSquares: 48,
		mostSquares:   96,
		minimalHeavy:  1 << 20,
		minimalPart:   128 * 64,

		chunkBytes: 256 << 10,
		tinyBytes:  64 << 10,

		heavyBytes: 512 << 10,
		sliceBytes: 640 << 10,
		taskPixels: 384,

		fewMACs:    1 << 18,
		fetchMACs:  4,
		taskMACs:   5 << 9,
		farWeights: 16,

		tablePixels: 192,
		cutBytes:    20 << 10,
		panelsBytes: 128 << 10,
		blockBytes:  24 << 10,

		wgradPixels: 128,
		ownBytes:    512 << 10,

		matRows:         512,
		matPanels:       8,
		streamedRows:    64,
		streamedColumns: 512,
		streamedDepth:   128,

		sweepRows:  16,
		sweepBytes: 64 << 10,
	},
}
