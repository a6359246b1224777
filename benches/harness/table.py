"""Numbers and tables as people read them."""


def number(value):
    """Three figures that count; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{round(value):,}"
    if value == 0:
        return "0"
    digits = 0
    while abs(value) * 10 ** digits < 100 and digits < 3:
        digits += 1
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_spread(values):
    """The median, and in brackets the least and the most when they differ."""
    median, least, most = (number(values[key]) for key in ("median", "least", "most"))
    return median if least == most else f"{median} ({least}–{most})"


def table(head, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |",
             "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
