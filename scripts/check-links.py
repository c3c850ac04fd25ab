#!/usr/bin/env python3
"""Looks whether what Markdown files link to inside the repository is there: files, and headings of files.

    scripts/check-links.py [FILE…]     without files: all that git knows

Addresses of other sites are not asked for.
"""

import re
import subprocess
import sys
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2[ \t]*$", re.M | re.S)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+(\S+)", re.M)


def main() -> None:
    files = [Path(name).resolve() for name in sys.argv[1:]] or tracked()
    problems = [problem for file in files for problem in broken(file)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"links: {len(files)} files, {len(problems)} broken links")
    sys.exit(bool(problems))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def broken(file: Path) -> list[str]:
    """What a file links to that is not there."""
    text = file.read_text()
    # Lines keep their numbers.
    shown = CODE.sub(blank, FENCE.sub(blank, text))
    problems = []
    for match in LINK.finditer(shown):
        target = match[1] or match[2]
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
            continue
        path, _, anchor = urllib.parse.unquote(target).partition("#")
        to = (file.parent / path) if path else file
        where = f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
        if not to.exists():
            problems.append(f"{where}: {target}: there is no such file")
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text()):
            problems.append(f"{where}: {target}: {to.name} has no such heading")
    return problems


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def anchors(text: str) -> set[str]:
    """The names of headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", FENCE.sub(blank, text), re.M):
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


if __name__ == "__main__":
    main()
