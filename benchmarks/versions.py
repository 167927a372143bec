"Print the versions of what is installed beside this Python: python benchmarks/versions.py NAME ..."

import sys
from importlib.metadata import version

if __name__ == "__main__":
    print(*map(version, sys.argv[1:]))
