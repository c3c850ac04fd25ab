"""Makes src/kinemotion/aio.py from src/kinemotion/client.py, which is the same with `await`.

    python scripts/make_async.py            # writes it
    python scripts/make_async.py --check    # exits with 1 where it is not what this would write
"""

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "kinemotion"
SOURCE, TARGET = PACKAGE / "client.py", PACKAGE / "aio.py"

#: What becomes what, in this order.
REPLACED = [
    ('"""The client that waits for answers."""', '"""The client that does not wait. Made from `client.py` by `scripts/make_async.py`."""'),
    ("class KinemotionClient:", "class AsyncKinemotionClient:"),
    ("May be used by several threads at once.", "`KinemotionClient` with `await`, `async with` and `async for`."),
    ("httpx.Client(", "httpx.AsyncClient("),
    ("def __enter__", "async def __aenter__"),
    ("def __exit__", "async def __aexit__"),
    ("self._http.close()", "self._http.aclose()"),
    ("import time\n", "import asyncio\n"),
    ("time.sleep(", "asyncio.sleep("),
    ("@contextmanager", "@asynccontextmanager"),
    ("import contextmanager", "import asynccontextmanager"),
    ("Iterator", "AsyncIterator"),
    ("Callable, AsyncIterator", "AsyncIterator, Callable"),
    ("websockets.sync.client", "websockets.asyncio.client"),
    (".iter_bytes()", ".aiter_bytes()"),
    (".read()\n", ".aread()\n"),
    ("yield from items(page)", "for item in items(page):\n                yield item"),
]
#: Calls that are awaited.
AWAITED = r"(?<!def )(self\.(?:_do|upload|get_analysis|_save|_is_over|close|_http\.request|_http\.aclose)\(|asyncio\.sleep\(|answer\.aread\()"
#: Loops and contexts that are asynchronous.
LOOPS = r"\b(for (?:_|text|chunk|message) in (?:self\.events|texts|answer|socket))"
CONTEXTS = r"\b(with (?:self\.|connect\())"


def main() -> None:
    made = asynchronous(SOURCE.read_text())
    if "--check" not in sys.argv:
        TARGET.write_text(made)
    elif TARGET.read_text() != made:
        sys.exit(f"{TARGET.name} is not what {SOURCE.name} makes: run {Path(__file__).name}")


def asynchronous(text: str) -> str:
    """The same code with `await`."""
    for before, after in REPLACED:
        if before not in text:
            raise ValueError(f"{SOURCE.name} has no {before!r} any more")
        text = text.replace(before, after)
    text = re.sub(AWAITED, r"await \1", text)
    text = re.sub(LOOPS, r"async \1", text)
    text = re.sub(CONTEXTS, r"async \1", text)
    methods = re.split(r"(?m)^(?=    (?:async )?def |    @|    # )", text)
    return in_order("".join(method.replace("    def ", "    async def ", 1) if waits(method) else method for method in methods))


def waits(method: str) -> bool:
    """Whether a method has to be asynchronous."""
    code = re.sub('""".*?"""', "", method, flags=re.DOTALL)
    return code.startswith("    def ") and re.search(r"\b(await|async) ", code) is not None


def in_order(text: str) -> str:
    """Imports of modules in the order of the alphabet."""
    names = re.search(r"(?m)(^import \w+\n)+", text)
    assert names is not None
    lines = sorted(names.group().splitlines(keepends=True))
    return text[: names.start()] + "".join(lines) + text[names.end() :]


if __name__ == "__main__":
    main()
