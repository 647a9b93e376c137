"""Texts that a project's author chooses, and what each would like to become."""

TEXTS = {
    "script": "<script>alert(1)</script>",
    "image with a handler": "<img src=x onerror=alert(1)>",
    "svg with a handler": "<svg/onload=alert(1)>",
    "end of the title": "</title></style><script>alert(1)</script>",
    "end of a comment": "--><script>alert(1)</script><!--",
    "attribute in double quotes": '" onmouseover="alert(1)" x="',
    "attribute in single quotes": "' onfocus='alert(1)' autofocus='",
    "second policy": '"><meta http-equiv="refresh" content="0;url=https://evil.example">',
    "frame": "<iframe srcdoc='<script>alert(1)</script>'>",
    "link by scheme": "javascript:alert(1)",
    "Markdown link": "[click](javascript:alert(1))",
    "Markdown image beacon": "![x](https://evil.example/beacon.png)",
    "automatic link": "<https://evil.example>",
    "LaTeX link": r"$\href{https://evil.example}{x}$",
    "Markdown table": "a | b | c",
    "Markdown code and colour": "`x` :red[urgent] :material/warning:",
    "formula": '=HYPERLINK("https://evil.example","open")',
    "formula by plus": "+cmd|'/c calc'!A0",
    "formula by minus": "-2+3+cmd|'/c calc'!A0",
    "formula by at": "@SUM(1+1)*cmd|'/c calc'!A0",
    "formula after a tab": "\t=1+cmd|'/c calc'!A0",
    "formula after a return": "\r=1+cmd|'/c calc'!A0",
    "formula in full width": "\uff1dcmd|'/c calc'!A0",
    "orders to a terminal": "\x1b[2J\x1b]0;owned\x07\x1b[31mPASS",
    "direction override": "safe\u202egnp.exe\u2066",
    "template": "{{7*7}} ${7*7} <%= 7*7 %> {% raw %}",
    "zero": "a\x00b\ufeffc\u200b",
    "half a character": "a\ud800b",
    "long": "x" * 10_000,
    "emoji": "\U0001f6a2\ufe0f",
}
FORMULAS = [name for name in TEXTS if name.startswith("formula")]

NAMES = {
    "up": "../../etc/passwd", "up, as on Windows": "..\\..\\windows\\system.ini", "from the root": "/etc/passwd", "drive": "C:\\boot.ini",
    "device": "CON", "device with a suffix": "nul.csv", "zero": "a\x00.csv", "direction override": "a\u202evsc.exe", "long": "n" * 10_000 + ".csv",
    "emoji": "\U0001f6a2.csv", "leading dot": ".bashrc", "two dots": "..", "spaces": "  ", "stream": "a.csv:hidden", "newline": "a\nb.csv",
    "option": "-rf.csv", "half a character": "\ud800.csv", "our own": "seatrial.toml/..", "trailing dot": "a.csv.",
}  # fmt: skip
