#!/bin/sh
# Print the path of a Python that can run TensorFlow 2.15 and make a virtual environment, or one line "error: ...".
# Usage: find_python.sh [PYTHON]   (PYTHON: the only one to try, instead of looking for one)
set -u

# Prints "<major.minor> <yes|no: can make a virtual environment> <path>". Every candidate is run, since a command can
# exist and still not work: the shims of version managers do that.
probe() {
    "$1" -c '
import sys
try:
    import ensurepip, venv
    complete = "yes"
except ImportError:
    complete = "no"
print("%d.%d" % sys.version_info[:2], complete, sys.executable)
' 2>/dev/null
}

how="install Python 3.11 with its venv module (Debian 12: sudo apt-get install python3.11-venv; \
Ubuntu: the same package, from the deadsnakes PPA; elsewhere: uv python install 3.11, or pyenv install 3.11), \
or name one with PYTHON=/path/to/python3.11"

unsuitable=""
without_venv=""
if [ -n "${1:-}" ]; then
    set -- "$1"
else
    set -- python3.11 python3.10 python3.9 python3 python
fi

for candidate in "$@"; do
    command -v "$candidate" >/dev/null || continue
    answer=$(probe "$candidate") || continue
    version=${answer%% *}
    answer=${answer#* }
    case "$version ${answer%% *}" in
        3.9\ yes | 3.10\ yes | 3.11\ yes)
            printf '%s\n' "${answer#* }"
            exit 0
            ;;
        3.9\ no | 3.10\ no | 3.11\ no)
            without_venv=${without_venv:-$version}
            ;;
        *)
            unsuitable=${unsuitable:-$candidate is $version}
            ;;
    esac
done

if [ -n "$without_venv" ]; then
    echo "error: Python $without_venv cannot make virtual environments; install its venv module" \
        "(Debian, Ubuntu: sudo apt-get install python$without_venv-venv)"
else
    echo "error: no Python 3.9 to 3.11 found (${unsuitable:-$* not found or not working}), and TensorFlow 2.15 runs on no other; $how"
fi
exit 1
