"Headings, anchors, links and pictures in Markdown, as Pandoc (and so Quarto) understands them."

import re
from html.parser import HTMLParser

FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", flags=re.S)
COMMENT = re.compile(r"<!--.*?-->", flags=re.S)
FORMULA = re.compile(r"\$\$.+?\$\$|\$(?=[^\s$])[^$\n]*?(?<=[^\s$])\$(?!\d)", flags=re.S)
TEXT = r"(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*"  # with brackets in it, two deep
ADDRESS = r"[^\s()]*(?:\([^\s()]*\)[^\s()]*)?"
LINK = re.compile(rf"(!?)\[({TEXT})\]\(({ADDRESS})[^()]*\)(\{{[^}}]*\}})?")
NAMED = re.compile(r"^\[[^\]^]+\]:\s+<?(\S+?)>?\s*$", flags=re.M)
ATTRIBUTES = re.compile(r"\{([^{}]*)\}")
OWN = re.compile(r"(?:^|\s)#([\w.:-]+)")


def lines(text: str) -> list:
    "Split text into lines and say of each whether it belongs to a fenced block: (line, fenced)."
    found = []
    fence = None
    for line in text.splitlines():
        match = FENCE.match(line)
        if fence is None:
            fence = match[1] if match else None
            found.append((line, fence is not None))
            continue
        found.append((line, True))
        if match and match[1].startswith(fence) and line.strip() == match[1]:
            fence = None
    return found


def prose(text: str) -> str:
    "Return what is outside of fenced blocks."
    return "\n".join(line for line, fenced in lines(text) if not fenced)


def blocks(text: str) -> str:
    "Return what is inside of fenced blocks."
    return "\n".join(line for line, fenced in lines(text) if fenced)


def blank(match: re.Match) -> str:
    "Put as many dots as there were characters."
    return re.sub(r"[^\n]", "·", match[0])


def masked(text: str) -> str:
    "Blank out comments, code and formulas; what is left stays where it was."
    for pattern in (COMMENT, CODE, FORMULA):
        text = pattern.sub(blank, text)
    return text


def identifier(heading: str) -> str:
    "Return the identifier that Pandoc makes of a heading."
    parts = []
    end = 0
    for code in CODE.finditer(heading):
        parts += [plain(heading[end : code.start()]), code[2]]
        end = code.end()
    text = "".join([*parts, plain(heading[end:])]).lower()
    text = "-".join(re.sub(r"[^\w\s.-]", "", text).split())
    return re.sub(r"^[\W\d_]+", "", text) or "section"


def plain(text: str) -> str:
    "Return a heading's text without links, emphasis, dashes and dots that Pandoc turns into signs."
    text = LINK.sub(r"\2", text)
    text = ATTRIBUTES.sub("", text)
    text = re.sub(r"\.{3}|-{2,}", "", text)
    return re.sub(r"(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)", "", text)


def headings(text: str) -> list:
    "List the headings of a text, and the identifiers that they give themselves: (heading, identifier or None)."
    found = []
    for line, fenced in lines(text):
        match = None if fenced else re.match(r"^#{1,6}\s+(.*?)(?:\s+#+)?\s*$", line)
        if match:
            attributes = re.search(r"\s\{([^{}]*)\}$", match[1])
            own = OWN.search(attributes[1]) if attributes else None
            found.append(
                (
                    match[1][: attributes.start()] if attributes else match[1],
                    own[1] if own else None,
                )
            )
    return found


def spans(text: str) -> list:
    "List the identifiers given to anything but headings: [text]{#identifier}, ::: {#identifier}."
    text = "\n".join(line for line in prose(text).splitlines() if not re.match(r"#{1,6}\s", line))
    owns = [OWN.search(match[1]) for match in ATTRIBUTES.finditer(masked(text))]
    return [own[1] for own in owns if own] + Tags(masked(text)).identifiers


class Tags(HTMLParser):
    "Collect from HTML its links and pictures, (address, text) each, its identifiers, and the columns of its tables."

    def __init__(self, html: str):
        super().__init__()
        self.links, self.pictures, self.identifiers = [], [], []
        self.columns = self.cells = 0  # of the widest row, and of this row
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        "Look at one tag; called by `feed`."
        attrs = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attrs:
            self.links.append((attrs["href"], ""))
        if tag == "img":
            self.pictures.append((attrs.get("src", ""), attrs.get("alt", "")))
        if tag in ("tr", "td", "th"):
            self.cells = 0 if tag == "tr" else self.cells + int(attrs.get("colspan", 1))
            self.columns = max(self.columns, self.cells)
        if "id" in attrs:
            self.identifiers.append(attrs["id"])


def links(text: str) -> list:
    "List the links of a text: (address, text)."
    text = prose(text)
    hidden = masked(text)
    found = [(m[3], text[m.start(2) : m.end(2)]) for m in LINK.finditer(hidden) if not m[1]]
    named = [(m[1], "") for m in NAMED.finditer(hidden)]
    return found + named + Tags(hidden).links


def pictures(text: str) -> list:
    "List the pictures of a text: (address, what somebody hears who cannot see it)."
    hidden = masked(prose(text))
    found = []
    for match in re.finditer(r"!\[([^\[\]]*)\]\(([^\s()]*)[^()]*\)(\{[^}]*\})?", hidden):
        alt = re.search(r'fig-alt="([^"]+)"', match[3] or "")
        found.append((match[2], alt[1] if alt else match[1]))
    return found + Tags(hidden).pictures
