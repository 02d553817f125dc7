"""Habits that a reader, and gcc, rely on."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# gcc 12 miscompiles an await inside a condition, beside && or ||. The operators of Asio's
# awaitable_operators are the exception: `co_await (a && b)`.
CONDITION = re.compile(r"\b(?:if|while|for|switch)\s*(?:constexpr\s*)?\(")
AWAIT = re.compile(r"\bco_await\b")
COMMENT = re.compile(r"//[^\n]*")


def sources() -> list[Path]:
    folders = ["src", "include", "tests"]
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.[ch]pp"))


def closing(text: str, opening: int) -> int:
    """Where the bracket that opens at `opening` closes."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text)


def awaits_in_conditions(text: str) -> list[int]:
    spans = [(m.end() - 1, closing(text, m.end() - 1)) for m in CONDITION.finditer(text)]
    return [at for at, end in spans if AWAIT.search(text, at, end)]


def awaits_beside_logic(text: str) -> list[int]:
    """Of the statement around each await, without what stands in its own brackets."""
    found = []
    for await_ in AWAIT.finditer(text):
        begin = max(text.rfind(mark, 0, await_.start()) for mark in ";{}") + 1
        end = text.find(";", await_.end())
        outer, at = text[begin : await_.start()], await_.end()
        while at < end:
            if text[at] == "(":
                at = closing(text, at)
            else:
                outer += text[at]
            at += 1
        if "&&" in outer.replace("auto&&", "") or "||" in outer:
            found.append(await_.start())
    return found


def test_an_await_stands_alone_in_its_statement() -> None:
    wrong = []
    for file in sources():
        text = COMMENT.sub("", file.read_text())
        for at in awaits_in_conditions(text) + awaits_beside_logic(text):
            wrong.append(f"{file.relative_to(ROOT)}: {text[at:at + 80]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_rule_for_awaits_finds_what_it_forbids() -> None:
    assert awaits_in_conditions("if (a(co_await b())) {}")
    assert awaits_beside_logic("{ x = a && co_await b(); }")
    assert awaits_beside_logic("{ x = co_await b() || a; }")
    assert not awaits_in_conditions("if (a) co_await b();")
    assert not awaits_beside_logic("{ x = co_await (a() && b()); }")


def test_text_is_compared_by_our_own_function() -> None:
    # Beast's reads a byte behind the end of its arguments (registry/base/text.hpp).
    wrong = [
        str(file.relative_to(ROOT)) for file in sources() if "beast::iequals" in file.read_text()
    ]
    assert not wrong, "\n".join(wrong)


def test_the_source_is_formatted() -> None:
    files = [str(file) for file in sources()]
    done = subprocess.run(
        ["clang-format-19", "--dry-run", "--Werror", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr[:4000]


def test_files_are_short_enough_to_be_read() -> None:
    longest = 400
    wrong = [
        f"{file.relative_to(ROOT)}: {lines} lines"
        for file in sources()
        if (lines := file.read_text().count("\n")) > longest
    ]
    assert not wrong, "\n".join(wrong)
