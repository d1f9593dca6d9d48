#!/bin/sh
# The image's command: the first argument names a pipeline, the others are its own.
set -eu

pipelines="restore detect train_n2v train_deepfill train_damage evaluate export"

name=${1:-}
[ $# -eq 0 ] || shift
case " $pipelines " in
    *" $name "*) exec python -m "pipelines.$name" "$@" ;;
esac
case $name in
    convert) exec python -m weights.convert "$@" ;;
    -h | --help)
        echo "usage: docker run --rm -v \"\$PWD:/data\" IMAGE PIPELINE [ARGUMENTS]"
        echo "pipelines: $pipelines convert; PIPELINE --help lists the arguments of one"
        echo "/data is the working folder, /runs is for training runs; add --gpus all for a GPU"
        ;;
    *)
        echo "error: ${name:-no arguments}: expected the name of a pipeline; choose from $pipelines convert" >&2
        exit 2
        ;;
esac
