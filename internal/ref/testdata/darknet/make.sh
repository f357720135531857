#!/bin/sh
# Makes region.json and tree.json beside this file with the public darknet (pjreddie/darknet) at commit f6afaab, built from source without GPU:
#
#	sh make.sh path/to/darknet
#
# region_test.go reads them. Without -Ofast, so that darknet's float32 is that of its formulas. Of its region layer one line is taken out, which sets
# the objectness of an image of one class aside after it has been worked out: the paper (arXiv:1612.08242, §4) draws it up.
set -e
here=$(dirname "$0")
built=$(mktemp -d)
sed '/else  l.delta\[obj_index\] = 0;/{n;d}' "$1/src/region_layer.c" >"$built/region_layer.c"
[ "$(diff "$1/src/region_layer.c" "$built/region_layer.c" | grep -c '^<')" = 1 ]
for name in region tree; do
	# compare.c is not in its Makefile either
	cc -O2 -fcommon -w -I"$1/include" -I"$1/src" -o "$built/$name" "$here/$name.c" "$built/region_layer.c" $(ls "$1"/src/*.c | grep -v -e /compare.c -e /region_layer.c) -lm -lpthread
	"$built/$name" "$here/$name.json" "$built/names"
done
rm -r "$built"
