// oracle CFG WEIGHTS draws the weights of a network of darknet's by their addresses, saves them as darknet does, and prints what each
// layer gives for a drawn image, as JSON. oracle -read CFG WEIGHTS loads the file in place of drawing. It is linked with darknet
// itself; see make.py. The reader's test draws the same numbers.
#include "darknet.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// unit is a number from -1 to below 1 by its address: splitmix64's mixing of layer, array and place.
static double unit(uint64_t layer, uint64_t array, uint64_t i)
{
    uint64_t z = (layer << 48) ^ (array << 40) ^ i;
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 40) / (1 << 23) - 1;
}

// less is what a channel of a layer with a norm is smaller by: some of the first layers hardly vary, where what is added to the deviation
// counts.
static double less(layer *l, int at, int o)
{
    if (!l->batch_normalize || at > 3 || o % 5) return 1;
    return o % 2 ? 6e-5 : 6e-3;
}

static void fill(layer *l, int at)
{
    int n = l->type == CONVOLUTIONAL ? l->n : l->outputs, fan;
    if (l->type == CONVOLUTIONAL) fan = l->nweights / l->n;
    else if (l->type == CONNECTED) fan = l->inputs;
    else if (l->type == LOCAL) fan = l->c * l->size * l->size; // of one place
    else return;
    double spread = sqrt(6. / fan);
    for (int o = 0; o < n; o++) {
        double s = less(l, at, o);
        l->biases[o] = .1 * unit(at, 0, o);
        if (l->batch_normalize) {
            l->scales[o] = 1 + .2 * unit(at, 1, o);
            l->rolling_mean[o] = s * .1 * unit(at, 2, o);
            l->rolling_variance[o] = s * s * (1 + .5 * unit(at, 3, o));
        }
        for (int i = 0; i < fan; i++) l->weights[(long)o * fan + i] = s * spread * unit(at, 4, (long)o * fan + i);
    }
}

int main(int argc, char **argv)
{
    int read = argc > 1 && !strcmp(argv[1], "-read");
    char *cfg = argv[1 + read], *weights = argv[2 + read];
    network *net = parse_network_cfg(cfg);
    set_batch_network(net, 1);
    if (read) {
        load_weights(net, weights);
    } else {
        for (int i = 0; i < net->n; i++) fill(&net->layers[i], i);
        *net->seen = 12345678901ull;
        save_weights(net, weights);
    }
    float *x = calloc(net->inputs, sizeof(float)); // [C,H,W]
    for (int i = 0; i < net->inputs; i++) x[i] = (unit(255, 0, i) + 1) / 2;
    network_predict(net, x);
    printf("[");
    char *comma = "";
    for (int i = 0; i < net->n; i++) {
        layer l = net->layers[i];
        if (l.type == SOFTMAX || l.type == COST || l.type == REGION) continue;
        int c = l.out_c, h = l.out_h, w = l.out_w;
        double sum = 0, size = 0;
        for (int j = 0; j < l.outputs; j++) {
            sum += l.output[j];
            size += fabs(l.output[j]);
        }
        printf("%s\n{\"layer\":%d,\"shape\":[%d,%d,%d],\"sum\":%.9g,\"size\":%.9g,\"samples\":[", comma, i, c, h, w, sum, size);
        for (int j = 0; j < 12; j++) printf("%s%.9g", j ? "," : "", l.output[(long)j * l.outputs / 12 + j % 7 % (l.outputs / 12 > 0 ? l.outputs / 12 : 1)]);
        printf("]}");
        comma = ",";
    }
    printf("\n]\n");
    return 0;
}
