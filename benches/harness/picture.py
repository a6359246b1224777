"""Draws the figures as bars, in one SVG that is readable on light and dark backgrounds."""
import math
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, ROW = 860, 250, 440, 22
COLOURS = {"limit": "#8a8f98", "ours": "#2f81f7", "rival": "#c08a3e"}


def bars(title, note, rows, value, unit):
    """Bars on a logarithmic scale: they reach from a tenth of the least to the most."""
    values = [value(row) for row in rows]
    least, most = math.log10(min(values) / 10), math.log10(max(values))
    found = [f'<text x="0" y="16" class="title">{escape(title)}</text>',
             f'<text x="0" y="33" class="note">{escape(note)}</text>']
    for index, row in enumerate(rows):
        top = 44 + index * ROW
        length = BAR * (math.log10(values[index]) - least) / (most - least)
        found.append(
            f'<text x="{LABEL - 8}" y="{top + 14}" text-anchor="end">{escape(row["client"].label)}</text>'
            f'<rect x="{LABEL}" y="{top + 2}" width="{length:.1f}" height="{ROW - 6}" rx="2" '
            f'fill="{COLOURS[row["client"].kind]}"/>'
            f'<text x="{LABEL + length + 6:.1f}" y="{top + 14}">{escape(unit(values[index]))}</text>')
    return "\n".join(found), 44 + len(rows) * ROW + 26


def picture(panels):
    """The panels below each other."""
    parts, top = [], 10
    for panel in panels:
        body, height = bars(*panel)
        parts.append(f'<g transform="translate(10 {top})">\n{body}\n</g>')
        top += height
    style = ("text{font:13px system-ui,sans-serif;fill:#6e7681}"
             ".title{font-weight:600;font-size:15px}.note{font-size:12px}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" '
            f'width="{WIDTH}" height="{top}" role="img" aria-label="Benches">\n'
            f"<style>{style}</style>\n" + "\n".join(parts) + "\n</svg>\n")
