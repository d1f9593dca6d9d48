#!/bin/sh
# What make needs to know about Python and .venv; run from the project's folder.
#   venv.sh find [PYTHON]    the path of a Python that can run TensorFlow 2.15 and make virtual environments (of PYTHON,
#                            if it can), or one line "error: ..." that says what to install
#   venv.sh state [PYTHON]   one word: what there is to do about .venv
#                              ready  nothing: it was set up here, and with PYTHON if one is named
#                              fill   keep it and install into it: it was made by hand, with a Python that will do
#                              make   make it anew: there is none, or it is unfinished, moved or of another Python
#   venv.sh mark             mark .venv as ready
set -u

mark=.venv/.ready
how="install Python 3.11 with its venv module (Debian 12: sudo apt-get install python3.11-venv; \
Ubuntu: the same package, from the deadsnakes PPA; elsewhere: uv python install 3.11, or pyenv install 3.11), \
or name one with PYTHON=/path/to/python3.11"

# Prints "<major.minor> <yes|no: can make virtual environments> <path>". Every candidate is run, since a command can
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

find_python() {
    unsuitable=""
    without_venv=""
    for candidate in "$@"; do
        answer=$(probe "$candidate") || continue
        version=${answer%% *}
        answer=${answer#* }
        case "$version ${answer%% *}" in
            3.9\ yes | 3.10\ yes | 3.11\ yes)
                printf '%s\n' "${answer#* }"
                return
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
        echo "error: no Python 3.9 to 3.11 found (${unsuitable:-$* not found or not working})," \
            "and TensorFlow 2.15 runs on no other; $how"
    fi
    return 1
}

# The same for all virtual environments of one Python, and for that Python itself.
identity() {
    "$1" -c 'import sys; print(sys.base_prefix, *sys.version_info[:2])' 2>/dev/null
}

# Holds the folder, too, since editable installs and the scripts in .venv do.
finished_mark() {
    echo "$(pwd -P) $(identity .venv/bin/python)"
}

state() {
    made_with=$(identity .venv/bin/python) || made_with=none
    if [ -n "${1:-}" ] && [ "$(identity "$1")" != "$made_with" ]; then
        echo make
    elif [ -e $mark ]; then
        if [ "$(cat $mark)" = "$(finished_mark)" ]; then echo ready; else echo make; fi
    elif find_python .venv/bin/python >/dev/null; then
        echo fill
    else
        echo make
    fi
}

case "$1 ${2:-}" in
    "find ") find_python python3.11 python3.10 python3.9 python3 python ;;
    find\ *) find_python "$2" ;;
    state*) state "${2:-}" ;;
    mark*) finished_mark >$mark ;;
esac
