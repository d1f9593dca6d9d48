#!/bin/sh
# Builds the image where there is no Docker engine: with buildah, on a base that debootstrap makes. Both are Debian
# packages and need root. Then runs a part of the suite in its test stage, and the entrypoint on the example, with a
# root that cannot be written. Base and images stay in $FOLDER, the base for the next time; 20 GB should be free.
set -eu

FOLDER=${DOCKER_CHECK_FOLDER:-${XDG_CACHE_HOME:-$HOME/.cache}/n2v-deepfill-docker-check}
TESTS=${DOCKER_CHECK_TESTS:-tests/test_packaging.py tests/test_inference.py tests/pipelines/test_chain.py}
BASE=localhost/n2v-deepfill-base
IMAGE=localhost/n2v-deepfill

for tool in buildah debootstrap; do
    if ! command -v "$tool" > /dev/null; then
        echo "error: docker-check needs $tool; install it with: apt-get install buildah debootstrap" >&2
        exit 2
    fi
done
mkdir -p "$FOLDER/tmp" "$FOLDER/out"
export TMPDIR="$FOLDER/tmp"

in_store() {
    command=$1
    shift
    buildah --root "$FOLDER/store" --runroot "$FOLDER/run" --storage-driver vfs "$command" "$@"
}

if ! in_store inspect --type image "$BASE" > /dev/null 2>&1; then
    echo "making a base with Python 3.11"
    rm -rf "$FOLDER/rootfs"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$FOLDER/rootfs" \
        > "$FOLDER/debootstrap.log"
    # The certificates that this machine trusts, a proxy's too, also for pip, which has its own otherwise.
    cp /etc/ssl/certs/ca-certificates.crt "$FOLDER/rootfs/etc/ssl/certs/"
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > "$FOLDER/rootfs/etc/pip.conf"
    container=$(in_store from scratch)
    in_store copy --quiet "$container" "$FOLDER/rootfs" /
    in_store commit --quiet --rm "$container" "$BASE" > /dev/null
    rm -rf "$FOLDER/rootfs"
fi

# The driver vfs copies everything for each layer: only what a stage ends with is kept.
for target in test ""; do
    echo "building ${target:-the image}"
    in_store build --layers=false --isolation chroot --format docker --build-arg BASE_IMAGE="$BASE" \
        --build-arg TESTS="$TESTS" ${target:+--target "$target"} --tag "$IMAGE${target:+:$target}" . \
        > "$FOLDER/build.log" 2>&1 || { tail -n 60 "$FOLDER/build.log" >&2; exit 1; }
done

echo "running the entrypoint on the example"
rm -f "$FOLDER/out/restored.png"
chmod 777 "$FOLDER/out"
container=$(in_store from "$IMAGE")
# Not at /data and /runs: unlike Docker, buildah lays the image's own volumes over what is mounted there.
in_store run --isolation chroot --user 1000:1000 --volume "$PWD/examples:/pictures:ro" \
    --volume "$FOLDER/out:/restored" "$container" -- n2v-deepfill restore --input /pictures/noisy_image.jpg \
    --mask /pictures/mask.png --output /restored/restored.png --denoise-seconds 20
in_store rm "$container" > /dev/null
test -s "$FOLDER/out/restored.png"
echo "docker-check: the image builds, passes its tests and restores the example"
