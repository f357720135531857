#!/bin/sh
# Makes region.json beside this file with the public darknet (pjreddie/darknet) at commit f6afaab, built from source without GPU:
#
#	sh make.sh path/to/darknet
#
# region_test.go reads it. Without -Ofast, so that darknet's float32 is that of its formulas.
set -e
here=$(dirname "$0")
built=$(mktemp -d)
cc -O2 -fcommon -w -I"$1/include" -I"$1/src" -o "$built/region" "$here/region.c" $(ls "$1"/src/*.c | grep -v /compare.c) -lm -lpthread # compare.c is not in its Makefile either
"$built/region" "$here/region.json"
rm -r "$built"
