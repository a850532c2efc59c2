"""Results as a picture for the README: how ours stands to each peer, and to the goal. SVG, which every browser shows."""

import html

WIDTH, ROW, NAMES, SCALE = 980, 22, 430, 340
GROUND, OURS, MISSED, LINE, TEXT = "#ffffff", "#2f6fbf", "#c2703d", "#8a8f98", "#1f2328"


def svg(report):
    """One bar for each comparison: its ratio up to 2, on a line at 1 (equal); a tick where the goal is."""
    results = [result for result in report.results if result.ratio is not None]
    height = ROW * (len(results) + 3)
    at_one = NAMES + SCALE / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="{GROUND}"/>',
        text(10, 16, report.machine["line"], LINE),
        text(at_one, ROW * 2 - 6, "as fast as the peer", LINE, "middle"),
    ]
    for index, result in enumerate(results):
        top = ROW * (index + 2)
        length = min(result.ratio, 2) * SCALE / 2
        colour = MISSED if result.met is False else OURS
        parts += [
            text(NAMES - 8, top + 14, f"{result.group}: {shortened(result.name)}", TEXT, "end"),
            f'<rect x="{NAMES}" y="{top + 3}" width="{length:.1f}" height="{ROW - 7}" fill="{colour}"/>',
            text(NAMES + SCALE + 12, top + 14, f"{result.ratio:.2f} × {result.peerName}", TEXT),
        ]
        if result.goal:
            x = NAMES + min(float(result.goal.split()[-1]), 2) * SCALE / 2
            parts.append(f'<path d="M{x:.1f} {top + 1}v{ROW - 3}" stroke="{TEXT}" stroke-width="2"/>')
    parts.append(f'<path d="M{at_one} {ROW * 2}V{height - ROW}" stroke="{LINE}" stroke-dasharray="3 3"/>')
    parts.append(text(10, height - 6, "Longer is better. The tick is the goal; a missed one is brown.", LINE))
    return "\n".join(parts) + "\n</svg>\n"


def text(x, y, words, colour, anchor="start"):
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{html.escape(words)}</text>'


def shortened(name):
    return name if len(name) <= 62 else name[:60] + "…"
