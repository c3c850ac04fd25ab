#!/usr/bin/env python3
"""Writes the manual page of `kinemotion` to standard output, made of what the program itself says: manual.py PROGRAM."""

import os
import re
import subprocess
import sys
import time

FILES = {
    "/etc/kinemotion/kinemotion.toml": "settings of the daemon",
    "/etc/kinemotion/secrets.env": "settings that nobody else may read, as KINEMOTION_SERVE__SECTION__KEY=value",
    "/var/lib/kinemotion": "what the daemon stores, models and ONNX Runtime",
    "/usr/share/doc/kinemotion/examples/kinemotion.toml": "every setting with its default and a comment",
}
ENVIRONMENT = {
    "KINEMOTION_CACHE": "the folder of models and ONNX Runtime",
    "KINEMOTION_DOWNLOADS": "a folder with the packages of models, for machines without a network",
    "KINEMOTION_SERVE__SECTION__KEY": "a setting of the daemon; it wins over the file",
}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("manual: give the program: manual.py PROGRAM")
    program = sys.argv[1]
    about, _, rest = said(program, "--help").partition("\n\n")
    # Between the first sentence and the usage stand the exit codes.
    codes = re.search(r"^Exit codes: (.*)$", rest, re.M)
    commands = re.findall(r"^  (\w[\w-]*) ", section(rest, "Commands:"), re.M)
    if not codes or not commands:
        sys.exit("manual: `kinemotion --help` has no exit codes or no commands where they are looked for")
    version = said(program, "--version").split()[-1]
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    lines = [
        f'.TH KINEMOTION 1 "{date}" "kinemotion {version}" "User Commands"',
        ".SH NAME",
        f"kinemotion \\- {roff(about[0].lower() + about[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        ".B kinemotion",
        "\\fICOMMAND\\fR [\\fIOPTIONS\\fR]",
        ".SH COMMANDS",
    ]
    for command in commands:
        if command != "help":
            lines += [f".SS {roff(command)}", ".nf", *map(roff, said(program, command, "-h").splitlines()), ".fi"]
    lines += [".SH FILES", *entries(FILES), ".SH ENVIRONMENT", *entries(ENVIRONMENT), ".SH EXIT STATUS", roff(codes[1])]
    print("\n".join(lines))


def said(program: str, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def section(text: str, heading: str) -> str:
    return text.partition(heading)[2].partition("\n\n")[0]


def entries(table: dict[str, str]) -> list[str]:
    return [line for name, meaning in table.items() for line in (".TP", f".B {roff(name)}", roff(meaning))]


def roff(text: str) -> str:
    """Text of which nothing is taken for a command of roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


if __name__ == "__main__":
    main()
