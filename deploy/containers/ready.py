"""Whether the process in this container answers 200: `python -I -S ready.py [path]`. It imports nothing of ours."""

import http.client
import sys


def main(path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    try:
        connection.request("GET", path)
        return 0 if connection.getresponse().status == 200 else 1
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["/health/ready"])))
