// Writes region.json: what the region layer of the public darknet gives on its CPU path, on numbers drawn here. See make.sh, which
// builds it with darknet's sources. Arrays are in darknet's order: images, anchors, values of a box, rows, columns.
#include "darknet.h"
#include "activations.h"
#include "region_layer.h"
#include <stdio.h>
#include <string.h>

box get_region_box(float *x, float *biases, int n, int index, int i, int j, int w, int h, int stride);

enum { BATCH = 3, W = 3, H = 2, A = 3, K = 3, TRUTHS = 30 };

static unsigned state = 12345;
static float drawn(float low, float high) { // few digits, so that the file is short and exact
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
	float anchors[2 * A] = {1, 1.25, 1.125, 1.0625, 2, .5}; // the first two are much alike
	float truths[BATCH][TRUTHS][5] = {
		{
			{.5, .25, .375, .5, 0},      // cell 1, 0
			{.5625, .3125, .6875, .25, 2}, // the same cell, another anchor
			{.46875, .75, .34375, .5625, 1}, // cell 1, 1 ...
			{.53125, .6875, .3125, .65625, 2}, // ... and on the same anchor: the later holds
			{.96875, .96875, .0625, .0625, 1},
		},
		{{0}}, // an image without boxes
		{{.125, .125, .3125, .5625, 1}, {.8125, .625, .9375, .875, 0}, {.59375, .125, .375, .5, 1}, {.625, .625, .375, .5, 0}},
	};
	fprintf(f, "{\"made\": \"region layer of darknet f6afaab, CPU\", \"batch\": %d, \"w\": %d, \"h\": %d, \"classes\": %d, \"truths\": %d", BATCH, W, H, K, TRUTHS);
	array(f, "anchors", anchors, 2 * A);
	array(f, "boxes", (float *)truths, BATCH * TRUTHS * 5);
	fprintf(f, ",\n\"cases\": [");
	for (int c = 0; c < 5; c++) {
		layer l = make_region_layer(BATCH, W, H, A, K, 4);
		memcpy(l.biases, anchors, sizeof anchors);
		l.softmax = 1, l.bias_match = 1, l.thresh = .6;
		l.object_scale = 5, l.noobject_scale = 1, l.coord_scale = 1, l.class_scale = 1;
		l.rescore = c % 2;
		size_t seen = c < 2 ? 0 : c < 4 ? 12800 : 12799;
		if (c == 4) l.object_scale = 2, l.noobject_scale = .5, l.coord_scale = 3, l.class_scale = .25, l.thresh = .3;
		network net = {0};
		net.train = 1, net.seen = &seen, net.truth = (float *)truths;
		net.input = calloc(BATCH * l.outputs, sizeof(float));
		for (int i = 0; i < BATCH * l.outputs; i++) {
			int k = i / (W * H) % (5 + K);
			net.input[i] = k == 2 || k == 3 ? drawn(-.75, .75) : drawn(-2, 2);
		}
		forward_region_layer(l, net);
		fprintf(f, "%s{\"seen\": %d, \"rescore\": %d, \"object\": %g, \"noobject\": %g, \"coord\": %g, \"class\": %g, \"threshold\": %g, \"cost\": %.9g", c ? ",\n" : "", (int)seen, l.rescore, l.object_scale, l.noobject_scale, l.coord_scale, l.class_scale, l.thresh, *l.cost);
		array(f, "input", net.input, BATCH * l.outputs);
		array(f, "output", l.output, BATCH * l.outputs);
		array(f, "delta", l.delta, BATCH * l.outputs);
		float *boxes = calloc(BATCH * A * W * H * 4, sizeof(float));
		for (int b = 0; b < BATCH; b++) for (int n = 0; n < A; n++) for (int j = 0; j < H; j++) for (int i = 0; i < W; i++) {
			box at = get_region_box(l.output, l.biases, n, b * l.outputs + n * W * H * (5 + K) + j * W + i, i, j, W, H, W * H);
			memcpy(boxes + 4 * (((b * A + n) * H + j) * W + i), (float[]){at.x, at.y, at.w, at.h}, 4 * sizeof(float));
		}
		array(f, "predicted", boxes, BATCH * A * W * H * 4);
		// What backward_region_layer_gpu does to the deltas; the CPU's has nothing.
		for (int b = 0; b < BATCH; b++) for (int n = 0; n < A; n++) {
			int at = b * l.outputs + n * W * H * (5 + K);
			gradient_array(l.output + at, 2 * W * H, LOGISTIC, l.delta + at);
			gradient_array(l.output + at + 4 * W * H, W * H, LOGISTIC, l.delta + at + 4 * W * H);
		}
		array(f, "backward", l.delta, BATCH * l.outputs);
		fprintf(f, "}");
	}
	fprintf(f, "]}\n");
	return fclose(f);
}
