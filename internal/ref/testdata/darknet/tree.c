// Writes tree.json: what the region layer of the public darknet gives of classes in a tree, on its CPU path, on numbers drawn here. See make.sh.
// That path takes the softmax of siblings at wrong places where there is more than one box, so it is taken here, as the GPU's path does, and
// the layer is handed the probabilities. Arrays are in darknet's order: images, anchors, values of a box, rows, columns.
#include "darknet.h"
#include "activations.h"
#include "blas.h"
#include "region_layer.h"
#include "tree.h"
#include <stdio.h>
#include <string.h>

enum { BATCH = 5, W = 3, H = 2, A = 2, K = 9, TRUTHS = 30 };

static unsigned state = 54321;
static float drawn(float low, float high) {
	state = state * 1664525u + 1013904223u;
	return low + (high - low) * ((state >> 16) % 4096) / 4096;
}

static void array(FILE *f, char *name, float *v, int n) {
	fprintf(f, ",\n\"%s\": [", name);
	for (int i = 0; i < n; i++) fprintf(f, "%s%.9g", i ? ", " : "", v[i]);
	fprintf(f, "]");
}

int main(int argc, char **argv) {
	FILE *f = fopen(argv[1], "w");
	float anchors[2 * A] = {1, 1.25, 2, .5};
	float parents[K] = {-1, -1, -1, 0, 0, 1, 1, 4, 4};
	float truths[BATCH][TRUTHS][5] = {
		{{.5, .25, .375, .5, 7}, {.8125, .75, .6875, .25, 0}}, // a leaf, and a root that has children
		{{.125, .125, .3125, .5625, 4}, {.59375, .125, .375, .5, 2}, {.625, .25, .375, .5, 5}}, // an inner node; two on one anchor
		{{1e6, 1e6, 1e6, 1e6, 8}}, // images of a class as a whole: a leaf
		{{1e6, 1e6, 1e6, 1e6, 1}}, // a root
		{{1e6, 1e6, 1e6, 1e6, 4}}, // an inner node; all objectness is high
	};
	char *name = argv[2];
	FILE *t = fopen(name, "w");
	for (int k = 0; k < K; k++) fprintf(t, "n%d %d\n", k, (int)parents[k]);
	fclose(t);
	tree *hier = read_tree(name);
	layer l = make_region_layer(BATCH, W, H, A, K, 4);
	memcpy(l.biases, anchors, sizeof anchors);
	l.softmax = 1, l.bias_match = 1, l.thresh = .6, l.rescore = 1;
	l.object_scale = 5, l.noobject_scale = .5, l.coord_scale = 1, l.class_scale = .75;
	size_t seen = 12800;
	network net = {0};
	net.train = 1, net.seen = &seen, net.truth = (float *)truths;
	int n = BATCH * l.outputs;
	float *input = calloc(n, sizeof(float));
	for (int i = 0; i < n; i++) {
		int k = i / (W * H) % (5 + K);
		input[i] = k == 2 || k == 3 ? drawn(-.75, .75) : drawn(-2, 2);
		if (k == 4) input[i] = i / l.outputs == 4 ? drawn(0, 2) : drawn(-4, -1);
	}
	net.input = calloc(n, sizeof(float));
	memcpy(net.input, input, n * sizeof(float));
	for (int g = 0; g < hier->groups; g++) {
		int at = (5 + hier->group_offset[g]) * W * H;
		softmax_cpu(input + at, hier->group_size[g], BATCH * A, l.outputs / A, W * H, 1, W * H, 1, net.input + at);
	}
	int groups = hier->groups;
	hier->groups = 0; // they have been
	l.softmax_tree = hier;
	forward_region_layer(l, net);
	fprintf(f, "{\"made\": \"region layer of darknet f6afaab with a tree, CPU\", \"batch\": %d, \"w\": %d, \"h\": %d, \"classes\": %d, \"truths\": %d, \"groups\": %d", BATCH, W, H, K, TRUTHS, groups);
	fprintf(f, ", \"object\": %g, \"noobject\": %g, \"coord\": %g, \"class\": %g, \"threshold\": %g, \"cost\": %.9g", l.object_scale, l.noobject_scale, l.coord_scale, l.class_scale, l.thresh, *l.cost);
	array(f, "anchors", anchors, 2 * A);
	array(f, "parents", parents, K);
	array(f, "boxes", (float *)truths, BATCH * TRUTHS * 5);
	array(f, "input", input, n);
	array(f, "delta", l.delta, n);
	for (int b = 0; b < BATCH * A; b++) for (int i = 0; i < W * H; i++) hierarchy_predictions(l.output + b * (5 + K) * W * H + 5 * W * H + i, K, hier, 0, W * H);
	array(f, "output", l.output, n); // probabilities of nodes
	fprintf(f, "}\n");
	return fclose(f);
}
